/** Adding and removing NICs of a server: POST and DELETE of `os-interface`. */
import ipaddr from 'ipaddr.js';
import { ComputeError } from '#core/errors.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import * as field from '../../requests/fields.ts';
import { type Static, Type } from 'typebox';
import { closed, keysIf } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { interfaceOf } from './interfaces.ts';
import { refuseLocked } from '../create/locked.ts';

const fixedIps = Type.Array(closed({ ip_address: field.address }), { minItems: 1, maxItems: 1 });
const bodyOf = (hasTag: boolean) =>
  closed({
    interfaceAttachment: closed({
      net_id: Type.Optional(field.uuid),
      port_id: Type.Optional(field.uuid),
      fixed_ips: Type.Optional(fixedIps),
      ...keysIf(hasTag, { tag: Type.Optional(field.tag) }),
    }),
  });
const [body, bodyWithTag] = [bodyOf(false), bodyOf(true)];

/** Device tags came in 2.49. */
export const attachBody = (version: number) => (version >= 49 ? bodyWithTag : body);
type AttachBody = Static<typeof body>;

/** Answers when the guest has the NIC, as Nova does. */
export async function attachInterface(call: Call<AttachBody>): Promise<Reply> {
  const nic = requestedNic(call.body.interfaceAttachment);
  const server = await findServer(call);
  refuseLocked(call, server);
  const { requestId } = call;
  const portId = await call.context.workflows.attachInterface(call.caller, server, {
    nic,
    requestId,
  });
  const attached = await findServer(call);
  return { body: { interfaceAttachment: await interfaceOf(call, attached, portId) } };
}

/** Answers at once; the NIC is gone when it is no longer listed. */
export async function detachInterface(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const portId = call.params['port'] ?? '';
  const { requestId } = call;
  await call.context.workflows.detachInterface(call.caller, server, { portId, requestId });
  return {};
}

function requestedNic(requested: AttachBody['interfaceAttachment']): RequestedNic | null {
  const { net_id: networkId, port_id: portId, fixed_ips: [address] = [], tag = null } = requested;
  if (networkId !== undefined && portId !== undefined) {
    throw new ComputeError('invalid', 'Must not input both network_id and port_id');
  }
  if (address !== undefined && networkId === undefined) {
    throw new ComputeError('invalid', 'Must input network_id when request IP address');
  }
  if (address !== undefined && !ipaddr.isValid(address.ip_address)) {
    throw new ComputeError(
      'invalid',
      `interfaceAttachment.fixed_ips[0].ip_address: '${address.ip_address}' is not an IP address`,
    );
  }
  if (networkId === undefined && portId === undefined) return null;
  return {
    networkId: networkId ?? null,
    portId: portId ?? null,
    fixedIp: address?.ip_address ?? null,
    tag,
  };
}
