/** Events of the network service about ports, kept until they are handled. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const networkEvents: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'network_events', {
      id: 'row number',
      instance_uuid: 'text',
      kind: 'text',
      port_id: 'text',
    }).execute();
    await newIndex(db, 'network_events_instance', 'network_events', ['instance_uuid']);
  },
};
