/** Bodies and items of metadata, which servers and images have. */
import { ComputeError } from '#core/errors.ts';
import { oneText, textMap } from './fields.ts';
import { closed } from './json-schema.ts';
import type { Call } from './route.ts';

export type Metadata = Record<string, string>;
export interface MetadataBody {
  metadata: Metadata;
}
export interface MetaBody {
  meta: Metadata;
}

const allItems = closed({ metadata: textMap });
const oneItem = closed({ meta: oneText });
/** Of all items, and of the one in the path. */
export const metadataBody = () => allItems;
export const metaBody = () => oneItem;

/** The key in the path. Throws `notFound` where there is no such item. */
export function existingKey(call: Pick<Call, 'params'>, metadata: Metadata): string {
  const key = call.params['key'] ?? '';
  if (Object.hasOwn(metadata, key)) return key;
  throw new ComputeError('notFound', `Metadata item was not found: '${key}'`);
}

/** Throws `invalid` where the body has another item than the path names. */
export function refuseOtherKey({
  params,
  body: { meta },
}: Pick<Call<MetaBody>, 'params' | 'body'>) {
  const key = params['key'] ?? '';
  if (Object.hasOwn(meta, key)) return;
  throw new ComputeError(
    'invalid',
    `Request body and URI mismatch: the URI names '${key}', meta holds '${Object.keys(meta).join(', ')}'.`,
  );
}
