/** Adding and removing NICs of a server: POST and DELETE of `os-interface`. */
import ipaddr from 'ipaddr.js';
import { ComputeError } from '#core/errors.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import * as field from '../../requests/fields.ts';
import { type JsonSchema, object, wrapped } from '../../requests/json-schema.ts';
import type { BodySchema, Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { interfaceOf } from './interfaces.ts';
import { refuseLocked } from '../create/locked.ts';

const fixedIps: JsonSchema = {
  type: 'array',
  minItems: 1,
  maxItems: 1,
  items: object({ ip_address: field.address }, ['ip_address']),
};
const bodies = [false, true].map((hasTag) =>
  wrapped(
    'interfaceAttachment',
    object({
      net_id: field.uuid,
      port_id: field.uuid,
      fixed_ips: fixedIps,
      ...(hasTag && { tag: field.tag }),
    }),
  ),
);

/** Device tags came in 2.49. */
export const attachBody: BodySchema = (version) => bodies[version >= 49 ? 1 : 0] as JsonSchema;

interface AttachBody {
  interfaceAttachment: {
    net_id?: string;
    port_id?: string;
    fixed_ips?: { ip_address: string }[];
    tag?: string;
  };
}

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

/** Answers at once; the NIC is gone when it is listed no more. */
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
