/**
 * Reads a snapshot from outside of Novella, with plain SQL: of SQLite from copies of its files, as
 * the kill left them, so that reading changes nothing that the next start finds.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Selectable } from 'kysely';
import { heldByNic, heldDevices } from '#core/guests/description/held-device.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { toDevice } from '#integrations/database/hosts/pci-device-row.ts';
import { type PoolRow, poolOfRow } from '#integrations/database/hosts/pool-row.ts';
import type { PciDeviceRow } from '#integrations/database/engine/tables.ts';
import { isPostgresUrl } from '#integrations/database/store.ts';
import { keptGuests } from '#test/processes/kept-guests.ts';
import { openReader, type Row } from './reader.ts';
import type { GuestFile, HostRow, Snapshot } from './snapshot.ts';

const computeTables = [
  'instances',
  'instance_nics',
  'compute_nodes',
  'pci_devices',
  'tasks',
  'host_commands',
  'instance_actions',
  'migrations',
] as const;
const serviceTables = ['ports', 'port_bindings', 'images'] as const;

type Tables<Name extends string> = Record<Name, Row[]>;
type ComputeTables = Tables<(typeof computeTables)[number]>;
type ServiceTables = Tables<(typeof serviceTables)[number]>;

/**
 * `guestFolders`: the folder of each host's guests, by the host's name. Throws when the database
 * cannot be opened at all.
 */
export function readSnapshot(
  databaseFile: string,
  guestFolders: ReadonlyMap<string, string>,
): Snapshot {
  const { damage, tables } = copiedTables(databaseFile, [...computeTables, ...serviceTables]);
  return { damage, ...rowsIn(tables, tables), guests: guestsOf(guestFolders) };
}

/**
 * The same where the compute side and the other services have databases of their own. `compute`: a
 * URL of PostgreSQL, of which all rows are as of one moment; `services`: a URL, or a file.
 */
export async function readApart(
  { compute, services }: { compute: string; services: string },
  guestFolders: ReadonlyMap<string, string>,
): Promise<Snapshot> {
  const ofCompute = await tablesAt(compute, computeTables);
  const ofServices = isPostgresUrl(services)
    ? await tablesAt(services, serviceTables)
    : copiedTables(services, serviceTables).tables;
  return { damage: [], ...rowsIn(ofCompute, ofServices), guests: guestsOf(guestFolders) };
}

async function tablesAt<Name extends string>(
  url: string,
  names: readonly Name[],
): Promise<Tables<Name>> {
  const reader = await openReader(url);
  try {
    await reader.rows('begin isolation level repeatable read read only');
    const tables: Partial<Tables<Name>> = {};
    for (const name of names) tables[name] = await reader.rows(`select * from ${name}`);
    return tables as Tables<Name>;
  } finally {
    await reader.close();
  }
}

/** From copies of the database's files, so that nothing is changed by reading. */
function copiedTables<Name extends string>(
  databaseFile: string,
  names: readonly Name[],
): { damage: string[]; tables: Tables<Name> } {
  const folder = mkdtempSync(join(tmpdir(), 'novella-snapshot-'));
  try {
    const copy = join(folder, 'copy.sqlite');
    for (const ending of ['', '-wal']) {
      const file = `${databaseFile}${ending}`;
      if (existsSync(file)) copyFileSync(file, `${copy}${ending}`);
    }
    const db = new DatabaseSync(copy);
    try {
      const all = (sql: string): Row[] => db.prepare(sql).all();
      const tables = names.map((name) => [name, all(`select * from ${name}`)]);
      return { damage: damageIn(all), tables: Object.fromEntries(tables) };
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function guestsOf(folders: ReadonlyMap<string, string>): GuestFile[] {
  return [...folders].flatMap(([host, path]) => guestsIn(host, path));
}

function rowsIn(
  compute: ComputeTables,
  services: ServiceTables,
): Omit<Snapshot, 'guests' | 'damage'> {
  return {
    servers: compute.instances.map((row) => ({
      id: text(row['uuid']),
      projectId: text(row['project_id']),
      flavor: JSON.parse(text(row['flavor'])),
      vmState: text(row['vm_state']),
      taskState: textOrNull(row['task_state']),
      powerState: Number(row['power_state']),
      shelvedImageId: textOrNull(row['shelved_image']),
      hostId: textOrNull(row['compute_node_id']),
      hostName: textOrNull(row['host']),
      fault: row['fault'] === null ? null : JSON.parse(text(row['fault'])).message,
      isDeleted: row['deleted_at'] !== null,
    })),
    nics: compute.instance_nics.map((row) => ({
      serverId: text(row['instance_uuid']),
      portId: textOrNull(row['port_id']),
      pciRequestId: textOrNull(row['pci_request_id']),
      isLive: row['live'] === 1,
    })),
    requests: compute.instances.flatMap((row) => {
      const requests = JSON.parse(textOrNull(row['pci_requests']) ?? '[]') as PciRequest[];
      const serverId = text(row['uuid']);
      return requests.map(({ requestId, count }) => ({ serverId, requestId, count }));
    }),
    hosts: compute.compute_nodes.map(hostOf),
    devices: devicesIn(compute.pci_devices),
    tasks: compute.tasks.map((row) => ({
      serverId: text(row['instance_uuid']),
      kind: text(row['kind']),
      step: textOrNull(row['step']),
      leasedBy: textOrNull(row['leased_by']),
    })),
    commands: compute.host_commands.map((row) => ({
      hostId: text(row['compute_node_id']),
      seq: Number(row['seq']),
      serverId: text(row['instance_uuid']),
      kind: text(row['kind']),
      hasResult: row['succeeded'] !== null,
    })),
    actions: compute.instance_actions.map((row) => ({
      serverId: text(row['instance_uuid']),
      requestId: text(row['request_id']),
      action: text(row['action']),
      outcome: textOrNull(row['outcome']),
    })),
    moves: compute.migrations.map((row) => ({
      id: text(row['uuid']),
      serverId: text(row['instance_uuid']),
      type: text(row['migration_type']),
      status: text(row['status']),
      sourceId: textOrNull(row['source_id']),
      targetId: textOrNull(row['dest_id']),
      leftOn: textOrNull(row['left_on']),
      context: JSON.parse(text(row['context'])),
    })),
    ports: services.ports.map((row) => ({
      id: text(row['id']),
      name: text(row['name']),
      deviceId: text(row['device_id']),
      bindingHost: text(row['binding_host']),
      pciSlot: JSON.parse(text(row['profile'])).pci_slot ?? null,
    })),
    bindings: services.port_bindings.map((row) => ({
      portId: text(row['port_id']),
      host: text(row['host']),
    })),
    images: services.images
      .filter(({ status }) => status === 'active')
      .map((row) => text(row['id'])),
  };
}

function damageIn(all: (sql: string) => Row[]): string[] {
  const found = all('pragma integrity_check').map((row) => text(row['integrity_check']));
  const dangling = all('pragma foreign_key_check').map((row) => JSON.stringify(row));
  return [...found.filter((line) => line !== 'ok'), ...dangling];
}

function hostOf(row: Row): HostRow {
  const numa = JSON.parse(textOrNull(row['numa_topology']) ?? '{}') as {
    claims?: { serverId: string }[];
  };
  const pools = JSON.parse(text(row['pci_stats'])) as PoolRow[];
  return {
    id: text(row['uuid']),
    name: text(row['hypervisor_hostname']),
    used: {
      vcpus: Number(row['vcpus_used']),
      memoryMib: Number(row['memory_mb_used']),
      diskGib: Number(row['local_gb_used']),
    },
    pools: pools.map(poolOfRow),
    numaHolders: (numa.claims ?? []).map(({ serverId }) => serverId),
  };
}

function devicesIn(rows: readonly Row[]): Map<string, PciDevice[]> {
  const devices = new Map<string, PciDevice[]>();
  for (const row of rows) {
    const host = text(row['compute_node_id']);
    const device = toDevice(row as unknown as Selectable<PciDeviceRow>);
    devices.set(host, [...(devices.get(host) ?? []), device]);
  }
  return devices;
}

function guestsIn(host: string, folder: string): GuestFile[] {
  return keptGuests(folder).map(({ guest, state, offPorts = [] }) => {
    const off = guest.nics.filter(({ portId }) => offPorts.includes(portId));
    const given = new Set(off.map((nic) => heldByNic(nic)?.address));
    const held = heldDevices(guest).map(({ address }) => address);
    return {
      host,
      id: guest.id,
      state,
      devices: held.filter((address) => !given.has(address)),
      defined: held,
      ports: guest.nics.map(({ portId }) => portId).filter((id) => !offPorts.includes(id)),
    };
  });
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`a text was expected, found ${typeof value}`);
  return value;
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : text(value);
}
