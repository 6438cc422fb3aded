/** Metadata of a server, all and by key. */
import {
  existingKey,
  type MetaBody,
  type Metadata,
  type MetadataBody,
  refuseOtherKey,
} from '../../requests/metadata.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { refuseLocked } from '../create/locked.ts';
import { limitsOfCaller, refuseTooManyItems } from '../create/metadata-limit.ts';

export async function listMetadata(call: Call): Promise<Reply> {
  return { body: { metadata: (await findServer(call)).metadata } };
}

/** POST: items are added or changed, others stay. */
export async function addMetadata(call: Call<MetadataBody>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const added = call.body.metadata;
  const metadata = await setMetadata(call, server.id, (before) => ({ ...before, ...added }));
  return { body: { metadata } };
}

/** PUT: these items and no others. */
export async function replaceMetadata(call: Call<MetadataBody>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  return { body: { metadata: await setMetadata(call, server.id, () => call.body.metadata) } };
}

export async function showMetadataItem(call: Call): Promise<Reply> {
  const { metadata } = await findServer(call);
  const key = existingKey(call, metadata);
  return { body: { meta: { [key]: metadata[key] } } };
}

export async function setMetadataItem(call: Call<MetaBody>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const { meta } = call.body;
  refuseOtherKey(call);
  await setMetadata(call, server.id, (before) => ({ ...before, ...meta }));
  return { body: { meta } };
}

export async function deleteMetadataItem(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const key = existingKey(call, server.metadata);
  await call.context.store.servers.update(server.id, (before) => {
    const { [key]: _gone, ...metadata } = before.metadata;
    return { metadata };
  });
  return {};
}

/** `change` is applied to the metadata as they are then: concurrent changes are all kept. */
async function setMetadata(
  call: Call,
  id: string,
  change: (before: Metadata) => Metadata,
): Promise<Metadata> {
  const limits = await limitsOfCaller(call);
  let metadata: Metadata = {};
  await call.context.store.servers.update(id, (before) => {
    metadata = change(before.metadata);
    refuseTooManyItems(limits, metadata);
    return { metadata };
  });
  return metadata;
}
