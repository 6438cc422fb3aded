/** Which images a list has, and the query of the image service for them. */
import { ComputeError } from '../errors.ts';
import { imageFields } from './image-fields.ts';

/** Absent: no condition. An image must meet all of them. */
export interface ImageQuery {
  name?: string | undefined;
  /** As the image service names it. Example: `active`. */
  status?: string | undefined;
  /** Updated then or later. Example: `2026-11-23T07:15:03Z`. */
  changedSince?: string | undefined;
  /** Exactly this minimum. */
  minMemoryMib?: number | undefined;
  minDiskGib?: number | undefined;
  /** By name. */
  properties: Record<string, string>;
  /** Most images of the page, 1 to 1000. */
  limit: number;
  /** The id of the image that the page begins after. */
  after?: string | undefined;
}

/** Keys of the image service's query that are neither fields nor properties. */
const controls = new Set(
  'changes-since deleted is_public limit marker member_status properties sort sort_dir sort_key tag'.split(
    ' ',
  ),
);

/**
 * The query of `GET /v2/images`, newest first. Throws `invalid` for a property that the image
 * service cannot filter by. Example: `{ name: 'a:b', properties: { os: 'x' }, limit: 5 }` →
 * `name=eq:a:b&os=x&limit=5`. Source: Glance's API, "List images".
 */
export function imageQueryParameters(query: ImageQuery): Record<string, string> {
  for (const name of Object.keys(query.properties)) refuseOtherThanProperty(name);
  const { name, status, changedSince, minMemoryMib, minDiskGib, after } = query;
  return {
    ...query.properties,
    // Without an operator, text before a colon would be one.
    ...(name !== undefined && { name: `eq:${name}` }),
    ...(status !== undefined && { status: `eq:${status}` }),
    ...(changedSince !== undefined && { updated_at: `gte:${changedSince}` }),
    ...(minMemoryMib !== undefined && { min_ram: String(minMemoryMib) }),
    ...(minDiskGib !== undefined && { min_disk: String(minDiskGib) }),
    ...(after !== undefined && { marker: after }),
    limit: String(query.limit),
  };
}

/** Glance reads an ending `_min` or `_max` as the range of a field. */
function refuseOtherThanProperty(name: string): void {
  const isProperty = !imageFields.has(name) && !controls.has(name) && !/_(min|max)$/.test(name);
  if (isProperty && name !== '') return;
  throw new ComputeError(
    'invalid',
    `Invalid input for query parameters property-${name}: the image service cannot filter by a property of this name.`,
  );
}
