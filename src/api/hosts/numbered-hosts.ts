/** Hosts with their numeric ids in versions before 2.53. */
import type { HostSummary } from '#contracts/store/store.ts';
import type { ApiContext } from '../requests/context.ts';
import { readHosts } from './host-pages.ts';

export interface NumberedHost {
  host: HostSummary;
  /**
   * In the order in which hosts became known. A host that is forgotten takes its number with it.
   */
  number: number;
}

/** All of them, for lists that have no pages. */
export async function numberedHosts({ store }: ApiContext): Promise<NumberedHost[]> {
  const all = { by: 'number', after: undefined, limit: Number.MAX_SAFE_INTEGER } as const;
  return (await readHosts((page) => store.hosts.summaries(page), all)).map(numbered);
}

export function numbered(host: HostSummary): NumberedHost {
  return { host, number: host.number };
}
