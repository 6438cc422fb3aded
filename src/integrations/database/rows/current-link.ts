/** Fences by the link of a host, in the transaction of what they protect. */
import type { Kysely } from 'kysely';
import type { HostChange } from '#contracts/store/store.ts';
import { isInList } from '../engine/dialect.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { prepared } from './prepared.ts';

type Db = Kysely<ComputeTables>;

const linksOf = prepared((db: Db, given: { hostIds: string }) =>
  db
    .selectFrom('host_links')
    .select(['compute_node_id', 'link'])
    .where(isInList('compute_node_id', given.hostIds)),
);

/** The number of the host's newest link; 0: it had none. */
export async function newestLink(db: Db, hostId: string): Promise<number> {
  const { rows } = await linksOf(db, { hostIds: JSON.stringify([hostId]) });
  return rows[0]?.link ?? 0;
}

/** The changes without those that an older link of their host reported. */
export async function ofCurrentLinks(
  trx: Db,
  changes: readonly HostChange[],
): Promise<readonly HostChange[]> {
  const reported = changes.filter(({ link }) => link !== undefined);
  if (reported.length === 0) return changes;
  const hostIds = JSON.stringify(reported.map(({ hostId }) => hostId));
  const { rows } = await linksOf(trx, { hostIds });
  const newest = new Map(rows.map((row) => [row.compute_node_id, row.link]));
  return changes.filter(({ hostId, link = Infinity }) => (newest.get(hostId) ?? 0) <= link);
}

const touchUnlinked = prepared((db: Db, given: { hostId: string }) =>
  db
    .updateTable('host_links')
    .set((eb) => ({ link: eb.ref('link') }))
    .where('compute_node_id', '=', given.hostId)
    .where('controller_uuid', 'is', null)
    .returning('sent_up_to'),
);

/**
 * Undefined: the host is linked to a controller, or never was. Otherwise the last command that may
 * have reached it, and it does not link before this transaction ends: the write keeps its row from
 * others.
 */
export async function keepUnlinked(trx: Db, hostId: string): Promise<number | undefined> {
  const { rows } = await touchUnlinked(trx, { hostId });
  return rows[0]?.sent_up_to;
}
