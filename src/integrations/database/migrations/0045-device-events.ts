/** The history of devices: who held them when, and what became of them. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { newIndex, newTable } from '../engine/new-table.ts';

export const deviceEvents: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await newTable(db, 'device_events', {
      id: 'row number',
      compute_node_id: 'text',
      address: 'text',
      at: 'bigint',
      event: 'text',
      instance_uuid: 'text?',
      request_id: 'text?',
      port_id: 'text?',
      vif: 'text?',
      detail: 'text?',
    }).execute();
    await newIndex(db, 'device_events_of_device', 'device_events', ['compute_node_id', 'address']);
    await newIndex(db, 'device_events_by_age', 'device_events', ['at']);
  },
};
