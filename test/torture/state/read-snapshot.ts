/**
 * Reads a snapshot from outside of Novella: with plain SQL from copies of the database's files, as
 * the kill left them, so that reading changes nothing that the next start finds.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { Selectable } from 'kysely';
import { heldByNic, heldDevices } from '#core/guests/description/held-device.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { toDevice } from '#integrations/database/hosts/pci-device-row.ts';
import { type PoolRow, poolOfRow } from '#integrations/database/hosts/pool-row.ts';
import type { PciDeviceRow } from '#integrations/database/engine/tables.ts';
import { keptGuests } from '#test/processes/kept-guests.ts';
import type { GuestFile, HostRow, Snapshot } from './snapshot.ts';

type Row = Record<string, SQLOutputValue>;

/**
 * `guestFolders`: the folder of each host's guests, by the host's name. Throws when the database
 * cannot be opened at all.
 */
export function readSnapshot(
  databaseFile: string,
  guestFolders: ReadonlyMap<string, string>,
): Snapshot {
  const folder = mkdtempSync(join(tmpdir(), 'novella-snapshot-'));
  try {
    const copy = join(folder, 'copy.sqlite');
    for (const ending of ['', '-wal']) {
      const file = `${databaseFile}${ending}`;
      if (existsSync(file)) copyFileSync(file, `${copy}${ending}`);
    }
    const guests = [...guestFolders].flatMap(([host, path]) => guestsIn(host, path));
    return { ...readRows(copy), guests };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readRows(file: string): Omit<Snapshot, 'guests'> {
  const db = new DatabaseSync(file);
  try {
    const all = (sql: string): Row[] => db.prepare(sql).all();
    return {
      damage: damageIn(all),
      servers: all('select * from instances').map((row) => ({
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
      nics: all('select * from instance_nics').map((row) => ({
        serverId: text(row['instance_uuid']),
        portId: textOrNull(row['port_id']),
        pciRequestId: textOrNull(row['pci_request_id']),
        isLive: row['live'] === 1,
      })),
      requests: all('select uuid, pci_requests from instances').flatMap((row) => {
        const requests = JSON.parse(textOrNull(row['pci_requests']) ?? '[]') as PciRequest[];
        const serverId = text(row['uuid']);
        return requests.map(({ requestId, count }) => ({ serverId, requestId, count }));
      }),
      hosts: all('select * from compute_nodes').map(hostOf),
      devices: devicesIn(all),
      tasks: all('select * from tasks').map((row) => ({
        serverId: text(row['instance_uuid']),
        kind: text(row['kind']),
        step: textOrNull(row['step']),
        leasedBy: textOrNull(row['leased_by']),
      })),
      commands: all('select * from host_commands').map((row) => ({
        hostId: text(row['compute_node_id']),
        seq: Number(row['seq']),
        serverId: text(row['instance_uuid']),
        kind: text(row['kind']),
        hasResult: row['succeeded'] !== null,
      })),
      actions: all('select * from instance_actions').map((row) => ({
        serverId: text(row['instance_uuid']),
        requestId: text(row['request_id']),
        action: text(row['action']),
        outcome: textOrNull(row['outcome']),
      })),
      ports: all('select * from ports').map((row) => ({
        id: text(row['id']),
        name: text(row['name']),
        deviceId: text(row['device_id']),
        bindingHost: text(row['binding_host']),
        pciSlot: JSON.parse(text(row['profile'])).pci_slot ?? null,
      })),
      bindings: all('select * from port_bindings').map((row) => ({
        portId: text(row['port_id']),
        host: text(row['host']),
      })),
      moves: all('select * from migrations').map((row) => ({
        id: text(row['uuid']),
        serverId: text(row['instance_uuid']),
        type: text(row['migration_type']),
        status: text(row['status']),
        sourceId: textOrNull(row['source_id']),
        targetId: textOrNull(row['dest_id']),
        leftOn: textOrNull(row['left_on']),
        context: JSON.parse(text(row['context'])),
      })),
      images: all("select id from images where status = 'active'").map((row) => text(row['id'])),
    };
  } finally {
    db.close();
  }
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

function devicesIn(all: (sql: string) => Row[]): Map<string, PciDevice[]> {
  const devices = new Map<string, PciDevice[]>();
  for (const row of all('select * from pci_devices')) {
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

function text(value: SQLOutputValue | undefined): string {
  if (typeof value !== 'string') throw new Error(`a text was expected, found ${typeof value}`);
  return value;
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}
