/** POST, PUT and DELETE of servers. */
import { randomBytes } from 'node:crypto';
import { isSet } from '../requests/fields.ts';
import { linksTo } from '../requests/links.ts';
import type { Call, Reply } from '../requests/route.ts';
import { accessAddress } from './create/access-address.ts';
import { newServerRequest } from './create/create-request.ts';
import type { ChangeServerBody, CreateServerBody } from './create/create-schema.ts';
import { findServer, findServerToDelete } from './read/find.ts';
import { refuseLocked } from './create/locked.ts';
import { surroundingsOf } from './read.ts';
import { viewChangedServer } from './read/views.ts';

/**
 * `adminPass` is part of the reply that clients read; it is not set in the guest, as with Nova on
 * libvirt.
 */
export async function createServer(call: Call<CreateServerBody>): Promise<Reply> {
  const request = await newServerRequest(call);
  const { workflows } = call.context;
  const server = await workflows.createServer(call.caller, request, call.requestId);
  const links = linksTo(call, 'servers', server.id);
  const headers = { location: links[0]?.href ?? '' };
  if (isSet(call.body.server.return_reservation_id ?? false)) {
    return { headers, body: { reservation_id: server.reservationId } };
  }
  return {
    headers,
    body: {
      server: {
        id: server.id,
        links,
        'OS-DCF:diskConfig': server.diskConfig,
        security_groups: call.body.server.security_groups ?? [{ name: 'default' }],
        adminPass: call.body.server.adminPass ?? randomBytes(9).toString('base64url'),
      },
    },
  };
}

export async function changeServer(call: Call<ChangeServerBody>): Promise<Reply> {
  const { server: requested } = call.body;
  const server = await findServer(call);
  await call.context.store.servers.update(server.id, {
    ...(requested.name !== undefined && { name: requested.name }),
    ...(requested.description !== undefined && { description: requested.description }),
    ...(requested.hostname !== undefined && { hostname: requested.hostname }),
    ...('OS-DCF:diskConfig' in requested && { diskConfig: requested['OS-DCF:diskConfig'] }),
    ...('accessIPv4' in requested && {
      accessIpv4: accessAddress('accessIPv4', requested.accessIPv4),
    }),
    ...('accessIPv6' in requested && {
      accessIpv6: accessAddress('accessIPv6', requested.accessIPv6),
    }),
  });
  const changed = await findServer(call);
  return {
    body: { server: viewChangedServer(call, changed, await surroundingsOf(call, changed)) },
  };
}

/** Also of a server whose record is damaged. */
export async function deleteServer(call: Call): Promise<Reply> {
  const server = await findServerToDelete(call);
  refuseLocked(call, server);
  await call.context.workflows.deleteServer(call.caller, server, call.requestId);
  return {};
}
