/**
 * A device has the id of the PciRequest it was allocated for (Nova's `pci_devices.request_id`);
 * older rows have none. From here on the database itself keeps a held device with its server.
 */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { fenceHeldDevices } from '../engine/triggers.ts';

export const pciDeviceRequestId: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('pci_devices').addColumn('request_id', 'text').execute();
    await fenceHeldDevices(db);
  },
};
