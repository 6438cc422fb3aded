/** Hosts with the numbers that versions before 2.53 know them by. */
import type { Host } from '#contracts/store.ts';
import type { ApiContext } from '../context.ts';

export interface NumberedHost {
  host: Host;
  /** From 1, in the order in which hosts became known; rows of hosts never go. */
  number: number;
}

export async function numberedHosts(context: ApiContext): Promise<NumberedHost[]> {
  const hosts = (await context.store.hosts.list()).toSorted(
    (one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1),
  );
  return hosts.map((host, at) => ({ host, number: at + 1 }));
}
