/** Hosts as lists show them, read without the documents of their rows. */
import type { Kysely } from 'kysely';
import type { HostStore } from '#contracts/store/store.ts';
import { builtOnce } from '../rows/built-once.ts';
import { isInList } from '../sqlite/dialect.ts';
import type { ComputeTables } from '../sqlite/tables.ts';
import { countRunning, toSummary } from './host-row.ts';

/** The parts of the host store that lists use. */
export function hostSummaries(
  db: Kysely<ComputeTables>,
): Pick<HostStore, 'summaries' | 'summariesOf'> {
  const all = () => summaryRows(db);
  const ofIds = builtOnce(() => all().where(isInList('compute_nodes.uuid', '[]')));
  const byName = () => all().orderBy('hypervisor_hostname').limit(0);
  const byNumber = () => all().orderBy('number').limit(0);
  const pages = {
    name: {
      first: builtOnce(byName),
      later: builtOnce(() => byName().where('hypervisor_hostname', '>', '')),
    },
    number: {
      first: builtOnce(byNumber),
      later: builtOnce(() => byNumber().where('number', '>', 0)),
    },
  };
  return {
    summaries: async ({ by, after, limit }) => {
      const { first, later } = pages[by];
      const rows = after === undefined ? first(db, [limit]) : later(db, [after, limit]);
      return (await rows).map(toSummary);
    },
    summariesOf: async (ids) => (await ofIds(db, [JSON.stringify(ids)])).map(toSummary),
  };
}

function summaryRows(db: Kysely<ComputeTables>) {
  return db
    .selectFrom('compute_nodes')
    .select([
      'uuid',
      'number',
      'hypervisor_hostname',
      'generation',
      'availability_zone',
      'host_ip',
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
