/** Hosts as lists show them, read without the documents of their rows. */
import type { Kysely } from 'kysely';
import type { HostStore } from '#contracts/store/store.ts';
import { prepared } from '../rows/prepared.ts';
import { isInList } from '../engine/dialect.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { countRunning, toSummary } from './host-row.ts';

type Db = Kysely<ComputeTables>;

/** The parts of the host store that lists use. */
export function hostSummaries(db: Db): Pick<HostStore, 'summaries' | 'summariesOf'> {
  return {
    summaries: async ({ by, after, limit }) => {
      const { first, later } = pages[by];
      const page = after === undefined ? first(db, { limit }) : later(db, { after, limit });
      return (await page).rows.map(toSummary);
    },
    summariesOf: async (ids) => {
      const { rows } = await summariesOf(db, { list: JSON.stringify(ids) });
      return rows.map(toSummary);
    },
  };
}

/** `list`: of ids, as JSON. */
const summariesOf = prepared((db: Db, { list }: { list: string }) =>
  summaryRows(db).where(isInList('compute_nodes.uuid', list)),
);

/** A page after a host's name or number. */
interface Later {
  after: string | number;
  limit: number;
}

const pages = { name: pagesBy('hypervisor_hostname'), number: pagesBy('number') };

function pagesBy(column: 'hypervisor_hostname' | 'number') {
  return {
    first: prepared((db: Db, { limit }: { limit: number }) =>
      summaryRows(db).orderBy(column).limit(limit),
    ),
    later: prepared((db: Db, { after, limit }: Later) =>
      summaryRows(db).where(column, '>', after).orderBy(column).limit(limit),
    ),
  };
}

function summaryRows(db: Db) {
  return db
    .selectFrom('compute_nodes')
    .select([
      'uuid',
      'number',
      'hypervisor_hostname',
      'generation',
      'availability_zone',
      'host_ip',
      'moves_guests',
      'shared_storage',
      'hypervisor_type',
      'hypervisor_version',
      'cpu_info',
      'vcpus',
      'vcpus_used',
      'memory_mb',
      'memory_mb_used',
      'local_gb',
      'local_gb_used',
      'disabled',
      'disabled_reason',
      'forced_down',
      'last_seen_at',
      'created_at',
    ])
    .select(countRunning);
}
