/** The action `rebuild`. What Novella cannot do is refused, never dropped. */
import { randomBytes } from 'node:crypto';
import * as field from '../../requests/fields.ts';
import { type JsonSchema, object, wrapped } from '../../requests/json-schema.ts';
import type { BodySchema, Call, Reply } from '../../requests/route.ts';
import { accessAddress } from '../create/access-address.ts';
import { findServer } from '../read/find.ts';
import { refuseLocked } from '../create/locked.ts';
import { refuseTooManyItems } from '../create/metadata-limit.ts';
import { surroundingsOf } from '../read.ts';
import { viewChangedServer } from '../read/views.ts';

const schemas = new Map<boolean, JsonSchema>();

/** 2.19 brought the description. */
export const rebuildBody: BodySchema = (version) => {
  const hasDescription = version >= 19;
  const schema = schemas.get(hasDescription) ?? schemaOf(hasDescription);
  schemas.set(hasDescription, schema);
  return schema;
};

function schemaOf(hasDescription: boolean): JsonSchema {
  const properties = {
    imageRef: field.imageReference,
    name: field.name,
    adminPass: { type: 'string' },
    metadata: field.textMap,
    preserve_ephemeral: field.flag,
    'OS-DCF:diskConfig': field.diskConfig,
    accessIPv4: field.address,
    accessIPv6: field.address,
    ...(hasDescription && { description: field.description }),
  } satisfies Record<string, JsonSchema>;
  return wrapped('rebuild', object(properties, ['imageRef']));
}

interface RebuildBody {
  rebuild: {
    imageRef: string;
    name?: string;
    adminPass?: string;
    metadata?: Record<string, string>;
    'OS-DCF:diskConfig'?: 'AUTO' | 'MANUAL';
    accessIPv4?: string;
    accessIPv6?: string;
    description?: string | null;
  };
}

/**
 * `adminPass` is part of the reply that clients read; nobody sets it in the guest, as with Nova on
 * libvirt.
 */
export async function rebuildServer(call: Call<RebuildBody>): Promise<Reply> {
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
