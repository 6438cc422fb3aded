/** What a user may set of an image: its shape and rules, and how it is stored. */
import { type Static, type TSchema, Type } from 'typebox';
import { imageVisibilities, type StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { checkedBody } from '../request-body.ts';
import { containerFormats, diskFormats } from './files/formats.ts';

const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** GiB or MiB. Source: Glance's columns, which have 32 bits. */
const size = Type.Optional(Type.Integer({ minimum: 0, maximum: 0x7fffffff }));

const uuid = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

/**
 * Properties or tags of one image. Source: Glance's `image_property_quota` and `image_tag_quota`.
 */
const mostItems = 128;
/**
 * Characters of the properties and tags of one image together, as JSON: a list of images is to stay
 * short.
 */
const mostText = 70_000;

/** Keys that are not named are custom properties: text only. */
const imageBody = Type.Object(
  {
    /** Of a new image only. */
    id: Type.Optional(Type.String({ pattern: uuid, rule: 'must be a UUID in lower case' })),
    name: Type.Optional(orNull(Type.String({ maxLength: 255 }))),
    visibility: Type.Optional(Type.Enum([...imageVisibilities])),
    disk_format: Type.Optional(orNull(Type.Enum(diskFormats))),
    container_format: Type.Optional(orNull(Type.Enum(containerFormats))),
    min_disk: size,
    min_ram: size,
    protected: Type.Optional(Type.Boolean()),
    os_hidden: Type.Optional(Type.Boolean()),
    owner: Type.Optional(Type.String({ maxLength: 255 })),
    tags: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: mostItems })),
  },
  { additionalProperties: Type.String({ maxLength: 65_535 }) },
);
export type ImageBody = Static<typeof imageBody>;
const checked = checkedBody(imageBody);

/** The attributes that a user may set. All other keys are properties. */
export const baseKeys = Object.keys(imageBody.properties);

/** Keys that only the service sets. The id of an image never changes. */
const readOnlyKeys = [
  'id',
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
  'stores',
];
const reservedKeys = ['location', 'deleted', 'deleted_at'];
const reservedStart = 'os_glance';

/**
 * The body, checked. Throws `invalid`, `forbidden` for a key that only the service sets, or
 * `tooLarge` for more than an image may have.
 */
export function readImageBody(body: unknown): ImageBody {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) refuseExcess(body);
  const image = checked.read(body);
  for (const key of Object.keys(image)) refuseBadName(key);
  return image;
}

/** The body of a new image. */
export const newImage = { schema: checked.schema, read: readImageBody };

function refuseExcess(body: object): void {
  const keys = Object.keys(body);
  for (const key of keys) if (key !== 'id') refuseServiceKey(key);
  const { tags } = body as { tags?: unknown };
  refuseMore('tags', Array.isArray(tags) ? tags.length : 0, mostItems);
  const properties = Object.entries(body).filter(([key]) => !baseKeys.includes(key));
  refuseMore('properties', properties.length, mostItems);
  const text = JSON.stringify([properties, tags]).length;
  refuseMore('characters of properties and tags', text, mostText);
}

/** Throws `tooLarge`. Source of the messages: Glance's limits of properties and tags. */
function refuseMore(what: string, attempted: number, most: number): void {
  if (attempted <= most) return;
  throw new ComputeError(
    'tooLarge',
    `The limit has been exceeded on the number of ${what} of an image. Attempted: ${attempted}, Maximum: ${most}`,
  );
}

/** Throws `forbidden` for a key that only the service sets, or keeps for itself. */
export function refuseServiceKey(key: string): void {
  const isReserved = reservedKeys.includes(key) || key.startsWith(reservedStart);
  if (!isReserved && !readOnlyKeys.includes(key)) return;
  throw new ComputeError(
    'forbidden',
    `${key}: Attribute '${key}' is ${isReserved ? 'reserved' : 'read-only'}.`,
  );
}

function refuseBadName(key: string): void {
  const { length } = Array.from(key);
  if (length > 0 && length <= 255) return;
  throw new ComputeError(
    'invalid',
    `body: the name of a property has 1 to 255 characters, '${key.slice(0, 40)}' has ${length}`,
  );
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
    (entry): entry is [string, string] => !baseKeys.includes(entry[0]),
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

/** The reverse: what a user could have sent to get this image. */
export function toImageBody(
  image: ImageBodyFields & Pick<StoredImage, 'projectId'>,
): Record<string, unknown> {
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
    owner: image.projectId,
  };
}
