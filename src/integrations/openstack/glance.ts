/** Glance as the image service: image records and their bytes. */
import type { ImageContents, ImageService, ImageWriter } from '#contracts/services/images.ts';
import type { Image } from '#contracts/services/images.ts';
import type { Acting } from '#contracts/services/network.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { refusalOf } from './http/refusals.ts';
import type { Session } from './http/session.ts';
import { glanceWriter } from './written-images.ts';

/**
 * Glance's representation of an image. All further keys are properties. Source: Glance's schema
 * `/v2/schemas/image`.
 */
interface GlanceImage {
  id: string;
  name: string | null;
  status: string;
  disk_format: string | null;
  size: number | null;
  min_disk: number | null;
  min_ram: number | null;
  os_hash_algo?: string | null;
  os_hash_value?: string | null;
}

/** Glance's own keys, so not user-set properties. */
const ownKeys = new Set([
  'checksum',
  'container_format',
  'created_at',
  'direct_url',
  'disk_format',
  'file',
  'id',
  'locations',
  'min_disk',
  'min_ram',
  'name',
  'os_hash_algo',
  'os_hash_value',
  'os_hidden',
  'owner',
  'protected',
  'schema',
  'self',
  'size',
  'status',
  'stores',
  'tags',
  'updated_at',
  'virtual_size',
  'visibility',
]);

/**
 * Images are read with the user's token; bytes are opened with the service's own rights, for the
 * hosts.
 */
export function createGlance(session: Session): ImageService & ImageContents & ImageWriter {
  return {
    showImage: async (id, caller) => toImage(await readImage(session, id, caller)),
    ...glanceWriter(session),
    async openImage(id) {
      const image = await readImage(session, id, 'service');
      const described = contentOf(image);
      const path = `${imagePath(id)}/file`;
      const headers = { accept: 'application/octet-stream' };
      const answer = await session.open({ method: 'GET', path, headers, acting: 'service' });
      if (answer.status === 200) {
        return { ...described, bytes: whole(answer.bytes, id, await session.name()) };
      }
      answer.bytes.destroy();
      if (answer.status === 204) throw noBytes(image);
      throw await refusal(session, { ...answer, body: undefined }, { path, acting: 'service' });
    },
  };
}

function imagePath(id: string): string {
  return `/v2/images/${encodeURIComponent(id)}`;
}

async function readImage(session: Session, id: string, acting: Acting): Promise<GlanceImage> {
  const path = imagePath(id);
  const answer = await session.call({ method: 'GET', path, acting });
  if (answer.status === 200 && answer.body !== undefined) return answer.body as GlanceImage;
  // Glance's own message is an HTML page.
  if (answer.status === 404) {
    throw new ComputeError('notFound', `No image found with ID ${id}`);
  }
  throw await refusal(session, answer, { path, acting });
}

async function refusal(
  session: Session,
  answer: Parameters<typeof refusalOf>[0],
  { path, acting }: { path: string; acting: Acting },
): Promise<ComputeError> {
  return refusalOf(answer, {
    name: await session.name(),
    owner: await session.owner(),
    acting,
    act: `GET ${path}`,
  });
}

/** User-set properties are text; other values were not set by a user. */
function toImage(image: GlanceImage): Image {
  const properties = Object.entries(image).filter(
    (entry): entry is [string, string] => !ownKeys.has(entry[0]) && typeof entry[1] === 'string',
  );
  return {
    id: image.id,
    name: image.name ?? '',
    status: image.status,
    diskFormat: image.disk_format ?? '',
    minDiskGib: image.min_disk ?? 0,
    minMemoryMib: image.min_ram ?? 0,
    sizeBytes: image.size ?? 0,
    properties: Object.fromEntries(properties),
  };
}

/**
 * The bytes existed but are not served: deactivated by an administrator, or about to be deleted.
 */
const withheld = new Set(['deactivated', 'deleted', 'pending_delete', 'killed']);

function noBytes({ id, status }: GlanceImage): ComputeError {
  const why = withheld.has(status) ? 'cannot be downloaded' : 'has no bytes yet';
  return new ComputeError('conflict', `Image ${id} ${why}: it is ${status}`);
}

/** Glance's default hash is sha512; hosts cannot verify an image with another, so it is refused. */
function contentOf(image: GlanceImage) {
  if (image.status !== 'active' || image.size === null) throw noBytes(image);
  if (image.os_hash_algo !== 'sha512' || typeof image.os_hash_value !== 'string') {
    throw new ComputeError(
      'conflict',
      `Image ${image.id} has no sha512 hash (os_hash_algo is ${image.os_hash_algo ?? 'not set'}): ` +
        'without it a download cannot be verified; upload it again with hashing_algorithm sha512',
    );
  }
  return {
    sizeBytes: image.size,
    sha512: image.os_hash_value,
    diskFormat: image.disk_format ?? 'raw',
  };
}

async function* whole(
  bytes: AsyncIterable<Uint8Array>,
  id: string,
  name: string,
): AsyncIterable<Uint8Array> {
  try {
    yield* bytes;
  } catch (cause) {
    const why = errorText(cause);
    throw new ComputeError(
      'unavailable',
      `image ${id}: the reply of the ${name} was cut off: ${why}`,
      { cause },
    );
  }
}
