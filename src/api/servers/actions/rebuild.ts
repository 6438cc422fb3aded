/** The action `rebuild`. What Novella cannot do is refused, never dropped. */
import { randomBytes } from 'node:crypto';
import * as field from '../../requests/fields.ts';
import { type Static, Type } from 'typebox';
import { closed, keysIf } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { accessAddress } from '../create/access-address.ts';
import { findServer } from '../read/find.ts';
import { refuseLocked } from '../create/locked.ts';
import { refuseTooManyItems } from '../create/metadata-limit.ts';
import { surroundingsOf } from '../read.ts';
import { viewChangedServer } from '../read/views.ts';

const bodyOf = (hasDescription: boolean) =>
  closed({
    rebuild: closed({
      imageRef: field.imageReference,
      name: Type.Optional(field.name),
      adminPass: Type.Optional(Type.String()),
      metadata: Type.Optional(field.textMap),
      preserve_ephemeral: Type.Optional(field.flag),
      'OS-DCF:diskConfig': Type.Optional(field.diskConfig),
      accessIPv4: Type.Optional(field.address),
      accessIPv6: Type.Optional(field.address),
      ...keysIf(hasDescription, { description: Type.Optional(field.description) }),
    }),
  });
const [body, bodyWithDescription] = [bodyOf(false), bodyOf(true)];

/** 2.19 brought the description. */
export const rebuildBody = (version: number) => (version >= 19 ? bodyWithDescription : body);

/**
 * `adminPass` is part of the reply that clients read; it is not set in the guest, as with Nova on
 * libvirt.
 */
export async function rebuildServer(call: Call<Static<typeof body>>): Promise<Reply> {
  const { rebuild: requested } = call.body;
  const server = await findServer(call);
  refuseLocked(call, server);
  refuseTooManyItems(call, requested.metadata ?? {});
  const diskConfig = requested['OS-DCF:diskConfig'];
  await call.context.workflows.rebuildServer(call.caller, server, {
    imageId: field.idOfReference(requested.imageRef),
    requestId: call.requestId,
    change: {
      ...(requested.name !== undefined && { name: requested.name.trim() }),
      ...(requested.description !== undefined && { description: requested.description }),
      ...(requested.metadata !== undefined && { metadata: requested.metadata }),
      ...(diskConfig !== undefined && { diskConfig }),
      ...('accessIPv4' in requested && {
        accessIpv4: accessAddress('accessIPv4', requested.accessIPv4),
      }),
      ...('accessIPv6' in requested && {
        accessIpv6: accessAddress('accessIPv6', requested.accessIPv6),
      }),
    },
  });
  const now = await findServer(call);
  const view = viewChangedServer(call, now, await surroundingsOf(call, now));
  const adminPass = requested.adminPass ?? randomBytes(9).toString('base64url');
  return { body: { server: { ...view, adminPass } } };
}
