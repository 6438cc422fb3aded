/**
 * Rows of `pci_devices`. Write them only in a transaction that has incremented their host's
 * generation.
 */
import type { CompiledQuery, Insertable, Kysely, Selectable } from 'kysely';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { prepared } from '../rows/prepared.ts';
import { deviceRow, toDevice } from './pci-device-row.ts';
import type { ComputeTables, PciDeviceRow } from '../engine/tables.ts';

const devicesOf = prepared((db: Kysely<ComputeTables>, given: { hostId: string }) =>
  db
    .selectFrom('pci_devices')
    .selectAll()
    .where('compute_node_id', '=', given.hostId)
    .orderBy('address'),
);

/** The devices of a host in address order. */
export async function listDevices(db: Kysely<ComputeTables>, hostId: string): Promise<PciDevice[]> {
  const { rows } = await devicesOf(db, { hostId });
  return rows.map(toDevice);
}

/** The devices of these hosts, each in address order; a host without devices is absent. */
export async function devicesOfHosts(
  db: Kysely<ComputeTables>,
  hostIds: readonly string[],
): Promise<Map<string, PciDevice[]>> {
  if (hostIds.length === 0) return new Map();
  const query = inOrder(db).where('compute_node_id', 'in', hostIds);
  return byHost(await query.execute());
}

/** The devices of a server, likewise. */
export async function devicesHeldBy(
  db: Kysely<ComputeTables>,
  serverId: string,
): Promise<Map<string, PciDevice[]>> {
  return byHost(await inOrder(db).where('instance_uuid', '=', serverId).execute());
}

function inOrder(db: Kysely<ComputeTables>) {
  return db.selectFrom('pci_devices').selectAll().orderBy('compute_node_id').orderBy('address');
}

function byHost(rows: readonly Selectable<PciDeviceRow>[]): Map<string, PciDevice[]> {
  const ofHost = Map.groupBy(rows, (row) => row.compute_node_id);
  return new Map(
    [...ofHost].map(([hostId, devices]) => [hostId, devices.map((row) => toDevice(row))]),
  );
}

// An engine limits the parameters of one statement (SQLite: 32766), and a host may have thousands
// of VFs.
const rowsPerStatement = 500;

/** Writes all columns of these devices, matched by address. */
export async function writeDevices(
  db: Kysely<ComputeTables>,
  hostId: string,
  devices: PciDevice[],
): Promise<void> {
  await writeDeviceRows(
    db,
    devices.map((device) => deviceRow(hostId, device)),
  );
}

/** The same of devices of several hosts. */
export async function writeDeviceRows(
  db: Kysely<ComputeTables>,
  rows: readonly Insertable<PciDeviceRow>[],
): Promise<void> {
  let start = 0;
  for (const size of rowsPerWrite) {
    for (; rows.length - start >= size; start += size) {
      await db.executeQuery(writing(db, rows.slice(start, start + size)));
    }
  }
}

/** Of few sizes, so that each is compiled once. */
const rowsPerWrite = [rowsPerStatement, 100, 20, 5, 2, 1];

const compiled = new WeakMap<object, Map<number, CompiledQuery>>();

/** The statement that writes these rows: compiling it takes longer than running it. */
function writing(
  db: Kysely<ComputeTables>,
  rows: readonly Insertable<PciDeviceRow>[],
): CompiledQuery {
  const { adapter } = db.getExecutor();
  const ofEngine = compiled.get(adapter) ?? new Map<number, CompiledQuery>();
  compiled.set(adapter, ofEngine);
  const known = ofEngine.get(rows.length) ?? compileWriting(db, rows);
  ofEngine.set(rows.length, known);
  // All rows have the columns of the first one, in one order.
  return { ...known, parameters: rows.flatMap((row) => Object.values(row)) };
}

function compileWriting(
  db: Kysely<ComputeTables>,
  rows: readonly Insertable<PciDeviceRow>[],
): CompiledQuery {
  return db
    .insertInto('pci_devices')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['compute_node_id', 'address']).doUpdateSet((eb) => ({
        vendor_id: eb.ref('excluded.vendor_id'),
        product_id: eb.ref('excluded.product_id'),
        dev_type: eb.ref('excluded.dev_type'),
        dev_id: eb.ref('excluded.dev_id'),
        label: eb.ref('excluded.label'),
        status: eb.ref('excluded.status'),
        numa_node: eb.ref('excluded.numa_node'),
        parent_addr: eb.ref('excluded.parent_addr'),
        extra_info: eb.ref('excluded.extra_info'),
        tags: eb.ref('excluded.tags'),
        instance_uuid: eb.ref('excluded.instance_uuid'),
        request_id: eb.ref('excluded.request_id'),
      })),
    )
    .compile();
}

/** Deletes the rows at these addresses. The database refuses it for a device held by a server. */
export async function removeDevices(
  db: Kysely<ComputeTables>,
  hostId: string,
  addresses: string[],
): Promise<void> {
  for (let start = 0; start < addresses.length; start += rowsPerStatement) {
    await db
      .deleteFrom('pci_devices')
      .where('compute_node_id', '=', hostId)
      .where('address', 'in', addresses.slice(start, start + rowsPerStatement))
      .execute();
  }
}
