/** The action `rebuild`. What Novella cannot do is refused, never dropped. */
import { randomBytes } from 'node:crypto';
import * as field from '../../requests/fields.ts';
import { type Static, Type } from 'typebox';
import { bySince, closed, keysIf } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { accessAddress } from '../create/access-address.ts';
import { findServer } from '../read/find.ts';
import { refuseLocked } from '../create/locked.ts';
import { refuseItemsOverQuota } from '../create/metadata-limit.ts';
import { keptKey, keyNamed } from '../create/server-key.ts';
import { userDataOf, userDataText } from '../create/user-data.ts';
import { surroundingsOf } from '../read.ts';
import { viewChangedServer } from '../read/views.ts';

const bodySince = (version: number) =>
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
      ...keysIf(version >= 19, { description: Type.Optional(field.description) }),
      ...keysIf(version >= 54, { key_name: Type.Optional(Type.Union([field.name, Type.Null()])) }),
      ...keysIf(version >= 57, {
        user_data: Type.Optional(Type.Union([userDataText, Type.Null()])),
      }),
      ...field.hostnameSince(version),
    }),
  });

/**
 * 2.19 brought the description, 2.54 the key, 2.57 the user data, 2.90 the hostname, 2.94 its
 * domain.
 */
export const rebuildBody = bySince([1, 19, 54, 57, 90, 94], bodySince);
type RebuildBody = Static<ReturnType<typeof bodySince>>;

/**
 * `adminPass` is part of the reply that clients read; it is not set in the guest, as with Nova on
 * libvirt.
 */
export async function rebuildServer(call: Call<RebuildBody>): Promise<Reply> {
  const { rebuild: requested } = call.body;
  const server = await findServer(call);
  refuseLocked(call, server);
  await refuseItemsOverQuota(call, requested.metadata ?? {});
  const diskConfig = requested['OS-DCF:diskConfig'];
  const key = await keyNamed(call, requested.key_name);
  await call.context.workflows.rebuildServer(call.caller, server, {
    imageId: field.idOfReference(requested.imageRef),
    requestId: call.requestId,
    change: {
      ...(requested.name !== undefined && { name: requested.name.trim() }),
      ...(requested.description !== undefined && { description: requested.description }),
      ...(requested.key_name !== undefined && { keyName: key?.name ?? null, key: keptKey(key) }),
      ...(requested.user_data !== undefined && { userData: userDataOf(requested.user_data) }),
      ...(requested.hostname !== undefined && { hostname: requested.hostname }),
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
  const shown = {
    ...view,
    adminPass,
    ...(call.version >= 54 && { key_name: now.keyName }),
    ...(call.version >= 57 && { user_data: now.userData }),
    // In this reply it has only the short name.
    ...(call.version >= 75 && { 'OS-EXT-SRV-ATTR:user_data': undefined }),
  };
  return { body: { server: shown } };
}
