/**
 * Rows of `pci_devices`. Write them only in a transaction that has incremented their host's
 * generation.
 */
import type { Kysely } from 'kysely';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { deviceRow, toDevice } from './pci-device-row.ts';
import type { ComputeTables } from '../sqlite/tables.ts';

/** The devices of a host in address order. */
export async function listDevices(db: Kysely<ComputeTables>, hostId: string): Promise<PciDevice[]> {
  const rows = await db
    .selectFrom('pci_devices')
    .selectAll()
    .where('compute_node_id', '=', hostId)
    .orderBy('address')
    .execute();
  return rows.map(toDevice);
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
  for (let start = 0; start < devices.length; start += rowsPerStatement) {
    const rows = devices
      .slice(start, start + rowsPerStatement)
      .map((device) => deviceRow(hostId, device));
    await db
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
      .execute();
  }
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
