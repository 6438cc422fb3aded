/** A page of hosts, read in parts so that other requests are served in between. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { HostPage, HostStore, HostSummary } from '#contracts/store/store.ts';

const hostsAtOnce = 50;

type Wanted =
  | { by: 'name'; after: string | undefined; limit: number }
  | { by: 'number'; after: number | undefined; limit: number };

/**
 * Those that follow in the order, at most the limit. Example: `readHosts((page) =>
 * store.hosts.summaries(page), { by: 'name', after: 'host-0100', limit: 1000 })`.
 */
export async function readHosts<Host extends Pick<HostSummary, 'name' | 'number'>>(
  read: (page: HostPage) => Promise<Host[]>,
  { by, after, limit }: Wanted,
): Promise<Host[]> {
  const hosts: Host[] = [];
  while (hosts.length < limit) {
    const last = hosts.at(-1)?.[by] ?? after;
    const atOnce = Math.min(hostsAtOnce, limit - hosts.length);
    const place = last === undefined ? {} : { after: last };
    const some = await read({ by, ...place, limit: atOnce } as HostPage);
    hosts.push(...some);
    if (some.length < atOnce) break;
    await afterEvents();
  }
  return hosts;
}

/** All hosts by name, for what has no pages. */
export function everyHost(store: Pick<HostStore, 'summaries'>): Promise<HostSummary[]> {
  const limit = Number.MAX_SAFE_INTEGER;
  return readHosts((page) => store.summaries(page), { by: 'name', after: undefined, limit });
}
