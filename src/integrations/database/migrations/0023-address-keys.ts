/**
 * All addresses of ports get their key and next address, and those that end a run are marked
 * again: rows from before 0022 had no key, and the triggers that 0022 once made left wrong marks
 * beside them. A text that is no address gets the empty key.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';
import { keysOf } from '../rows/address-keys.ts';
import { markRunEnds } from '../engine/triggers.ts';

const batch = 1_000;

export const addressKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // A database on PostgreSQL has no row yet.
    if (engineOf(db) === 'postgresql') return markRunEnds(db);
    await sql`drop trigger if exists port_addresses_added`.execute(db);
    await sql`drop trigger if exists port_addresses_removed`.execute(db);
    for (let last: number | undefined = 0; last !== undefined; ) last = await keyAfter(db, last);
    await sql`update port_addresses set ends_run = not exists (
      select 1 from port_addresses as other
      where other.subnet_id = port_addresses.subnet_id
        and other.ip_address = port_addresses.next_address)`.execute(db);
    await markRunEnds(db);
  },
};

/** Those of one batch. Returns the last row of it; undefined: there was none. */
async function keyAfter(db: Kysely<unknown>, after: number): Promise<number | undefined> {
  const { rows } = await sql<{ row: number; text: unknown }>`
    select rowid as row, ip_address as text from port_addresses
    where rowid > ${after} order by rowid limit ${batch}`.execute(db);
  const keyed = rows.map(({ row, text }) => ({ row, ...keysOf(String(text)) }));
  await sql`update port_addresses
    set address_key = keyed.value ->> 'addressKey', next_address = keyed.value ->> 'nextAddress'
    from json_each(${JSON.stringify(keyed)}) as keyed
    where port_addresses.rowid = keyed.value ->> 'row'`.execute(db);
  return rows.at(-1)?.row;
}
