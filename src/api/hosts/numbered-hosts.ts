/** Hosts with the numbers that versions before 2.53 know them by. */
import type { Host } from '#contracts/store.ts';
import type { ApiContext } from '../context.ts';

export interface NumberedHost {
  host: Host;
  /** In the order in which hosts became known. A host that is forgotten takes its number with it. */
  number: number;
}

export async function numberedHosts(context: ApiContext): Promise<NumberedHost[]> {
  const hosts = await context.store.hosts.list();
  return hosts
    .map((host) => ({ host, number: host.number }))
    .toSorted((one, other) => one.number - other.number);
}
