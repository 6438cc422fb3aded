/** Glance as the image service: image records and their bytes. */
import type { ImageContents, ImageService, ImageWriter } from '#contracts/services/images.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { callGlance, glanceRefusal, imagePath } from './glance-call.ts';
import type { GlanceImage } from './glance-image.ts';
import type { Session } from './http/session.ts';
import { glanceUserImages } from './user-images.ts';
import { glanceWriter } from './written-images.ts';

/** The bytes of images are opened with the service's own rights, for the hosts. */
export function createGlance(session: Session): ImageService & ImageContents & ImageWriter {
  return {
    ...glanceUserImages(session),
    ...glanceWriter(session),
    async openImage(id) {
      const path = imagePath(id);
      const get = { method: 'GET', acting: 'service' } as const;
      const image = (await callGlance(session, { ...get, path, imageId: id })) as GlanceImage;
      const described = contentOf(image);
      const call = { ...get, path: `${path}/file` };
      const headers = { accept: 'application/octet-stream' };
      const answer = await session.open({ ...call, headers });
      if (answer.status === 200) {
        return { ...described, bytes: whole(answer.bytes, id, await session.name()) };
      }
      answer.bytes.destroy();
      if (answer.status === 204) throw noBytes(image);
      throw await glanceRefusal(session, { ...answer, body: undefined }, call);
    },
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
