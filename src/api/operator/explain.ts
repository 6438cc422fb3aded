/** Everything that explains where a server is: decisions, NICs, requests, devices, domain XML. */
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
import type { Server } from '#core/servers/server.ts';
import { atSecond } from '../requests/links.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findServerEvenDeleted } from '../servers/read/find.ts';
import { viewDecision, viewDevice, viewNic, viewRequest } from './views.ts';

/** Deleted servers are explained too. */
export async function explainServer(call: Call): Promise<Reply> {
  const server = await findServerEvenDeleted(call);
  const { servers, commands } = call.context.store;
  const [decisions, requests, domainXml, devices, spawn] = await Promise.all([
    servers.decisions(server.id),
    servers.pciRequests(server.id),
    servers.domainXml(server.id),
    devicesOf(call, server),
    commands.last(server.id, 'spawn'),
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
      spawn_steps: spawn?.result?.steps ?? [],
      domain_xml: domainXml ?? null,
    } satisfies OperatorReply<'GET /servers/:id/explain'>,
  };
}

/** The devices held for a server: claimed or allocated. */
async function devicesOf(call: Call, server: Server) {
  if (server.hostId === null) return [];
  const rows = await call.context.store.hosts.devices(server.hostId);
  return rows
    .filter(({ serverId }) => serverId === server.id)
    .map((row) => viewDevice(server.hostName ?? '', row));
}
