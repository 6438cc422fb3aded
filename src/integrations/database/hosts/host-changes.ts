/** Which hosts changed: for readers that keep what they read. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ChangedHosts, ChangeMark, HostChange } from '#contracts/store/store.ts';
import { engineOf } from '../engine/per-engine.ts';
import { prepared } from '../rows/prepared.ts';
import { toVersion } from './host-row.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

/** `mark`: the number of the newest change that was read. */
const changesAfter = prepared((db: Db, given: { mark: number }) =>
  changedHosts(db)
    .select('host_changes.number as mark')
    .where('host_changes.number', '>', given.mark)
    .orderBy('host_changes.number'),
);

/**
 * `mark`: a snapshot, which has the transactions that were visible to the reader. A change is new
 * if its transaction was not, which the order of numbers does not show: an earlier transaction may
 * commit later.
 */
const changesUnseen = prepared((db: Db, given: { mark: string }) => {
  return changedHosts(db).select(snapshotNow.as('mark')).where(isUnseen(given.mark));
});

/** The mark of a reader on PostgreSQL. */
export const snapshotNow = sql<string>`pg_current_snapshot()::text`;

/** Whether a row of `host_changes` is newer than a mark of PostgreSQL. */
export function isUnseen(mark: string): RawBuilder<boolean> {
  const before = sql`cast(${mark} as pg_snapshot)`;
  return sql`host_changes.number >= pg_snapshot_xmin(${before})::text::bigint
    and not pg_visible_in_snapshot(host_changes.number::text::xid8, ${before})`;
}

/** Before all transactions. */
export const nothingSeen = '1:1:';

function changedHosts(db: Db) {
  return db
    .selectFrom('host_changes')
    .leftJoin('compute_nodes', 'compute_nodes.uuid', 'host_changes.uuid')
    .select([
      'host_changes.uuid as changed',
      'compute_nodes.uuid',
      'generation',
      'disabled',
      'disabled_reason',
      'forced_down',
      'last_seen_at',
    ]);
}

/** As `HostStore.changedSince`. */
export async function changedSince(db: Db, since?: ChangeMark): Promise<ChangedHosts> {
  const isSqlite = engineOf(db) === 'sqlite';
  const mark = since ?? (isSqlite ? -1 : nothingSeen);
  const { rows } = isSqlite
    ? await changesAfter(db, { mark: Number(mark) })
    : await changesUnseen(db, { mark: String(mark) });
  const changed: ChangedHosts = { versions: [], removed: [], mark: rows.at(-1)?.mark ?? mark };
  for (const { changed: id, mark: _, uuid, ...row } of rows) {
    if (uuid === null) changed.removed.push(id);
    else changed.versions.push(toVersion({ uuid, ...(row as VersionRow) }));
  }
  return changed;
}

/** Of a row of `compute_nodes` that exists. */
type VersionRow = Omit<Parameters<typeof toVersion>[0], 'uuid'>;

/** The newest changes of claims that this process has committed. */
export class RecordedChanges {
  readonly #kept: HostChange[] = [];
  #upTo = 0;

  /** Reports of hosts are not kept: they may have thousands of rows. */
  add(change: HostChange): void {
    if (change.facts !== undefined || change.removedDevices !== undefined) return;
    this.#kept.push(change);
    this.#upTo += 1;
    if (this.#kept.length > mostKept) this.#kept.shift();
  }

  since(number: number): { changes: readonly HostChange[]; upTo: number } {
    const missed = this.#upTo - number;
    return { changes: missed <= 0 ? [] : this.#kept.slice(-missed), upTo: this.#upTo };
  }
}

const mostKept = 256;
