/** GET of servers: one, a list, a detailed list. */
import type { Host } from '#contracts/store.ts';
import type { Server } from '#core/servers/server.ts';
import { pageOf } from '../paging.ts';
import type { Call, Reply } from '../route.ts';
import { findServer } from './find.ts';
import { selectServers } from './select.ts';
import { viewOneServer, viewServer, viewServerBriefly } from './views.ts';

export async function showServer(call: Call): Promise<Reply> {
  const server = await findServer(call);
  return { body: { server: viewOneServer(call, server, await hostOf(call, server)) } };
}

export async function listServers(call: Call): Promise<Reply> {
  const { items, links } = pageOf(call, await selectServers(call), ({ id }) => id);
  const servers = items.map((server) => viewServerBriefly(call, server));
  return { body: { servers, ...(links.length > 0 && { servers_links: links }) } };
}

export async function listServersInDetail(call: Call): Promise<Reply> {
  const { items, links } = pageOf(call, await selectServers(call), ({ id }) => id);
  const hosts = new Map<string, Host>();
  for (const host of await call.context.store.hosts.list()) hosts.set(host.id, host);
  const servers = items.map((server) => viewServer(call, server, hosts.get(server.hostId ?? '')));
  return { body: { servers, ...(links.length > 0 && { servers_links: links }) } };
}

/** The row of the host that a server is on. */
export async function hostOf(call: Call, server: Server): Promise<Host | undefined> {
  return server.hostId === null ? undefined : call.context.store.hosts.get(server.hostId);
}
