/** Everything that explains where a server is: decisions, NICs, requests, devices, domain XML. */
import type { ExplainReply } from '#client/shapes/explain.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { Action } from '#contracts/store/store.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
import type { Server } from '#core/servers/server.ts';
import { atSecond } from '../requests/links.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findServerEvenDeleted } from '../servers/read/find.ts';
import { devicesOf } from './server-devices.ts';
import { viewDecision, viewNic, viewRequest } from './views.ts';

/** Deleted servers are explained too. */
export async function explainServer(call: Call): Promise<Reply> {
  const server = await findServerEvenDeleted(call);
  const { servers } = call.context.store;
  const [decisions, requests, domainXml, devices, start, actions] = await Promise.all([
    servers.decisions(server.id),
    servers.pciRequests(server.id),
    servers.domainXml(server.id),
    devicesOf(call, server.id),
    lastStart(call, server),
    servers.actions(server.id),
  ]);
  return {
    body: {
      server: {
        id: server.id,
        name: server.name,
        status: serverStatus(server),
        host: server.hostName,
        fault: server.fault && {
          code: server.fault.code,
          created: atSecond(server.fault.created),
          message: server.fault.message,
          details: server.fault.details,
        },
      },
      decisions: decisions.map(viewDecision),
      nics: server.nics.map(viewNic),
      pci_requests: requests.map(viewRequest),
      devices,
      spawn_steps: start?.result?.steps ?? [],
      live_move: plannedMove(actions),
      domain_xml: domainXml ?? null,
    } satisfies OperatorReply<'GET /servers/:id/explain'>,
  };
}

/** By the newest action that has planned one. */
function plannedMove(actions: readonly Action[]): ExplainReply['live_move'] {
  const plans = actions.flatMap(({ events }) => events.filter(({ name }) => name === 'plan_move'));
  const [newest] = plans.toSorted((one, other) => other.startedAt - one.startedAt);
  if (newest === undefined) return null;
  return { planned_at: atSecond(newest.startedAt), plan: (newest.details ?? '').split('\n') };
}

/** The newest start on the server's host, by a boot or a move; without a host, the newest boot. */
async function lastStart(call: Call, { id: serverId, hostId }: Server) {
  const { commands } = call.context.store;
  if (hostId === null) return commands.last(serverId, 'spawn');
  return commands.lastOn({ hostId, serverId }, 'spawn', 'respawn', 'move-in');
}
