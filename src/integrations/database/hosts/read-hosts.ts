/** Reads hosts with their running guests. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Host, HostPage } from '#contracts/store/store.ts';
import { countRunning, toHost } from './host-row.ts';
import { prepared } from '../rows/prepared.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const hostsAtOnce = 100;

/** As `HostStore.list`. */
export async function listHosts(db: Db): Promise<Host[]> {
  const hosts: Host[] = [];
  for (;;) {
    const last = hosts.at(-1)?.name;
    const after = last === undefined ? {} : { after: last };
    const page = await pageOfHosts(db, { by: 'name', ...after, limit: hostsAtOnce });
    hosts.push(...page);
    if (page.length < hostsAtOnce) return hosts;
    // SQLite answers synchronously: other requests get a turn between the parts of a long list.
    await afterEvents();
  }
}

/** As `HostStore.page`. */
export async function pageOfHosts(db: Db, { by, after, limit }: HostPage): Promise<Host[]> {
  const { first, later } = pages[by];
  const page = after === undefined ? first(db, { limit }) : later(db, { after, limit });
  return (await page).rows.map(toHost);
}

/** A page after a host's name or number. */
interface Later {
  after: string | number;
  limit: number;
}

function pagesBy(column: 'hypervisor_hostname' | 'number') {
  return {
    first: prepared((db: Db, { limit }: Pick<Later, 'limit'>) =>
      hostRows(db).orderBy(column).limit(limit),
    ),
    later: prepared((db: Db, { after, limit }: Later) =>
      hostRows(db).where(column, '>', after).orderBy(column).limit(limit),
    ),
  };
}

const pages = { name: pagesBy('hypervisor_hostname'), number: pagesBy('number') };

/** Every host with its running guests. */
export function hostRows(db: Db) {
  return db.selectFrom('compute_nodes').selectAll('compute_nodes').select(countRunning);
}
