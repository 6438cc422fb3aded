/** Which hosts changed: for readers that keep what they read. */
import type { Kysely } from 'kysely';
import type { ChangedHosts, HostChange } from '#contracts/store/store.ts';
import { prepared } from '../rows/prepared.ts';
import { toVersion } from './host-row.ts';
import type { ComputeTables } from '../sqlite/tables.ts';

const changesAfter = prepared((db: Kysely<ComputeTables>, given: { mark: number }) =>
  db
    .selectFrom('host_changes')
    .leftJoin('compute_nodes', 'compute_nodes.uuid', 'host_changes.uuid')
    .select([
      'host_changes.uuid as changed',
      'host_changes.number as change',
      'compute_nodes.uuid',
      'generation',
      'disabled',
      'disabled_reason',
      'forced_down',
      'last_seen_at',
    ])
    .where('host_changes.number', '>', given.mark),
);

/** As `HostStore.changedSince`. */
export async function changedSince(db: Kysely<ComputeTables>, mark: number): Promise<ChangedHosts> {
  const { rows } = await changesAfter(db, { mark });
  const changed: ChangedHosts = { versions: [], removed: [], mark };
  for (const { changed: id, change, uuid, ...row } of rows) {
    changed.mark = Math.max(changed.mark, change);
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
