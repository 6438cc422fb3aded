/** The properties of an image, all and by key. The caller's limit of metadata items counts. */
import type { Image } from '#contracts/services/images.ts';
import { isReservedProperty, refuseFieldNames } from '#core/images/image-fields.ts';
import type { PropertyChange } from '#core/images/property-patch.ts';
import {
  existingKey,
  type MetaBody,
  type Metadata,
  type MetadataBody,
  refuseOtherKey,
} from '../requests/metadata.ts';
import type { Call, Reply } from '../requests/route.ts';
import { limitsOfCaller, refuseTooManyItems } from '../servers/create/metadata-limit.ts';
import { findImage } from './find.ts';

export async function listMetadata(call: Call): Promise<Reply> {
  return { body: { metadata: (await findImage(call)).properties } };
}

/** POST: items are added or changed, others stay. */
export async function addMetadata(call: Call<MetadataBody>): Promise<Reply> {
  const { properties } = await merge(call, call.body.metadata);
  return { body: { metadata: properties } };
}

/** PUT: these items and no others, but for those that only the image service sets. */
export async function replaceMetadata(call: Call<MetadataBody>): Promise<Reply> {
  const { metadata } = call.body;
  const image = await findImage(call);
  const remove = Object.keys(image.properties).filter(
    (key) => !Object.hasOwn(metadata, key) && !isReservedProperty(key),
  );
  await change(call, image, { after: metadata, set: metadata, remove });
  return { body: { metadata } };
}

export async function showMetadataItem(call: Call): Promise<Reply> {
  const { properties } = await findImage(call);
  const key = existingKey(call, properties);
  return { body: { meta: { [key]: properties[key] } } };
}

export async function setMetadataItem(call: Call<MetaBody>): Promise<Reply> {
  refuseOtherKey(call);
  const { meta } = call.body;
  await merge(call, meta);
  return { body: { meta } };
}

export async function deleteMetadataItem(call: Call): Promise<Reply> {
  const { id, properties } = await findImage(call);
  const remove = [existingKey(call, properties)];
  await call.context.images.changeProperties(id, { set: {}, remove }, call.caller);
  return {};
}

async function merge(call: Call, set: Metadata): Promise<Image> {
  const image = await findImage(call);
  return change(call, image, { after: { ...image.properties, ...set }, set, remove: [] });
}

/** `after`: the items that count. Throws `invalid` or `overQuota`. */
async function change(
  call: Call,
  { id }: Image,
  { after, set, remove }: PropertyChange & { after: Metadata },
): Promise<Image> {
  refuseFieldNames(set);
  refuseTooManyItems(await limitsOfCaller(call), after);
  return call.context.images.changeProperties(id, { set, remove }, call.caller);
}
