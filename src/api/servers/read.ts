/** GET of servers: one, a list, a detailed list. */
import type { HostSummary } from '#contracts/store/store.ts';
import type { ShownServer } from '#contracts/store/server-selection.ts';
import { listText } from '#http/routes/json-text.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { targetOf } from '../requests/permission.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findShownServer } from './read/find.ts';
import { groupsOfServers } from './parts/security-groups.ts';
import { selectServers } from './read/select.ts';
import {
  showsGroups,
  type Surroundings,
  viewOneServer,
  viewServer,
  viewServerBriefly,
  visibleParts,
} from './read/views.ts';

export async function showServer(call: Call): Promise<Reply> {
  const server = await findShownServer(call);
  return { body: { server: viewOneServer(call, server, await surroundingsOf(call, server)) } };
}

export async function listServers(call: Call): Promise<Reply> {
  const page = await selectServers(call);
  const servers = page.servers.map((server) => viewServerBriefly(call, server));
  return { body: { servers, ...(page.links.length > 0 && { servers_links: page.links }) } };
}

export async function listServersInDetail(call: Call): Promise<Reply> {
  const { store } = call.context;
  const page = await selectServers(call, { isInDetail: true });
  const unread = page.servers.flatMap((server) => ('nics' in server ? [] : [server.id]));
  const read = await store.servers.read(unread);
  const items = [...page.servers.flatMap((server) => ('nics' in server ? [server] : [])), ...read];
  const hosts = await hostsOf(call, items);
  const groups = await groupsOfServers(call, items, { isDisplayOnly: true });
  const visible = visibleParts(call);
  const texts = await mapInTurns(items, (server) =>
    JSON.stringify(
      viewServer(call, server, {
        host: hosts.get(server.hostId ?? ''),
        securityGroups: groups.get(server.id) ?? [],
        visible,
      }),
    ),
  );
  const others = page.links.length > 0 ? { servers_links: page.links } : {};
  return { body: listText('servers', texts, others) };
}

/** By id, those that these servers are on. */
async function hostsOf(
  { context }: Call,
  servers: readonly ShownServer[],
): Promise<Map<string, HostSummary>> {
  const ids = [...new Set(servers.flatMap(({ hostId }) => hostId ?? []))];
  const hosts = ids.length === 0 ? [] : await context.store.hosts.summariesOf(ids);
  return new Map(hosts.map((host) => [host.id, host]));
}

/**
 * The row of the host that a server is on, the group it is in, and the security groups of its
 * ports.
 */
export async function surroundingsOf(call: Call, server: ShownServer): Promise<Surroundings> {
  const { serverGroups } = call.context.store;
  const host = (await hostsOf(call, [server])).get(server.hostId ?? '');
  const group = showsGroups(call) ? await serverGroups.of(server.id) : undefined;
  const securityGroups =
    (await groupsOfServers(call, [server], { isDisplayOnly: true })).get(server.id) ?? [];
  const visible = visibleParts(call, targetOf(server));
  return { host, groupIds: group === undefined ? [] : [group.id], securityGroups, visible };
}
