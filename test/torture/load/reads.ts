/** The operations of the load that only read. */
import { microversion } from '#client/servers.ts';
import { request, send } from '#client/session/request.ts';
import { oneOf } from '#test/random.ts';
import type { Ground } from './operations.ts';

/** The first page of servers, in detail. */
export async function list({ session, ledger }: Ground): Promise<void> {
  await request(session, { service: 'compute', path: '/servers/detail?limit=20', microversion });
  ledger.count('list', 200);
}

/** One of our servers. */
export async function show({ session, ledger, mine, random }: Ground): Promise<void> {
  if (mine.length === 0) return;
  const path = `/servers/${oneOf(random, mine)}`;
  const { status } = await send(session, { service: 'compute', path, microversion });
  ledger.count('show', status);
}
