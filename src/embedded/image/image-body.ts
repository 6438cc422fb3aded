/** What a user may say of an image: its shape and rules, and how it lies in a stored image. */
import { type Static, type TSchema, Type } from 'typebox';
import { imageVisibilities, type StoredImage } from '#contracts/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { bodyReader } from '../request-body.ts';
import { containerFormats, diskFormats } from './formats.ts';

const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** GiB or MiB. Source: Glance's columns, which have 32 bits. */
const size = Type.Optional(Type.Integer({ minimum: 0, maximum: 0x7fffffff }));

/** Keys that are not named are custom properties: text only. Source of the limits: Glance's `image_property_quota` and `image_tag_quota`, both 128. */
const imageBody = Type.Object(
  {
    name: Type.Optional(orNull(Type.String({ maxLength: 255 }))),
    visibility: Type.Optional(Type.Enum([...imageVisibilities])),
    disk_format: Type.Optional(orNull(Type.Enum(diskFormats))),
    container_format: Type.Optional(orNull(Type.Enum(containerFormats))),
    min_disk: size,
    min_ram: size,
    protected: Type.Optional(Type.Boolean()),
    os_hidden: Type.Optional(Type.Boolean()),
    tags: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 128 })),
  },
  { additionalProperties: Type.String({ maxLength: 65_535 }), maxProperties: 140 },
);
export type ImageBody = Static<typeof imageBody>;
const readBody = bodyReader(imageBody);
const namedKeys = Object.keys(imageBody.properties);

/** Keys that only the service sets. */
export const readOnlyKeys = [
  'id',
  'owner',
  'status',
  'size',
  'virtual_size',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'created_at',
  'updated_at',
  'file',
  'self',
  'schema',
  'direct_url',
  'locations',
];

/** The body, checked. Throws `invalid`, or `forbidden` for a key that only the service sets. */
export function readImageBody(body: unknown): ImageBody {
  const keys = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  const readOnly = keys.find((key) => readOnlyKeys.includes(key));
  if (readOnly !== undefined) throw isReadOnly(readOnly);
  return readBody(body);
}

export function isReadOnly(key: string): ComputeError {
  return new ComputeError('forbidden', `${key}: Attribute '${key}' is read-only.`);
}

/** The fields of an image that a user sets. */
export type ImageBodyFields = Pick<
  StoredImage,
  | 'name'
  | 'visibility'
  | 'diskFormat'
  | 'containerFormat'
  | 'minDiskGib'
  | 'minMemoryMib'
  | 'isProtected'
  | 'isHidden'
  | 'tags'
  | 'properties'
>;

export function toFields(requested: ImageBody): ImageBodyFields {
  const properties = Object.entries(requested as Record<string, unknown>).filter(
    (entry): entry is [string, string] => !namedKeys.includes(entry[0]),
  );
  return {
    name: requested.name ?? null,
    visibility: requested.visibility ?? 'shared',
    diskFormat: requested.disk_format ?? null,
    containerFormat: requested.container_format ?? null,
    minDiskGib: requested.min_disk ?? 0,
    minMemoryMib: requested.min_ram ?? 0,
    isProtected: requested.protected ?? false,
    isHidden: requested.os_hidden ?? false,
    tags: [...new Set(requested.tags)],
    properties: Object.fromEntries(properties),
  };
}

/** The other way round: what a user could have said to get this image. */
export function toImageBody(image: ImageBodyFields): Record<string, unknown> {
  return {
    ...image.properties,
    name: image.name,
    visibility: image.visibility,
    disk_format: image.diskFormat,
    container_format: image.containerFormat,
    min_disk: image.minDiskGib,
    min_ram: image.minMemoryMib,
    protected: image.isProtected,
    os_hidden: image.isHidden,
    tags: image.tags,
  };
}
