/** The bytes of an image: taken once, given out as often as asked. */
import { ComputeError } from '#core/errors.ts';
import type { StoredImage } from '#contracts/image-store.ts';
import type { ImageContext } from './images.ts';

/** Takes the bytes of a queued image and makes it active. Throws `conflict` when it has its bytes or is getting them. */
export async function uploadContent(
  { store, files, clock }: ImageContext,
  image: StoredImage,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const missing = [
    ...(image.diskFormat === null ? ['disk_format'] : []),
    ...(image.containerFormat === null ? ['container_format'] : []),
  ];
  if (missing.length > 0) {
    throw new ComputeError(
      'invalid',
      `${missing.join(', ')}: must be set before the bytes of image ${image.id} are sent`,
    );
  }
  if (!(await store.update(image.id, { status: 'saving' }, 'queued'))) {
    throw new ComputeError(
      'conflict',
      `Image ${image.id} is not queued: it has its bytes already, or is getting them`,
    );
  }
  try {
    const written = await files.write(image.id, bytes);
    const change = { ...written, status: 'active' as const, updatedAt: clock.now() };
    // It may have been deleted meanwhile; then nobody will ask for the file.
    if (!(await store.update(image.id, change, 'saving'))) await files.remove(image.id);
  } catch (error) {
    await store.update(image.id, { status: 'queued' }, 'saving');
    throw error;
  }
}

/** The bytes with what they must be. Throws `conflict` when they are not there yet. */
export function openContent({ files }: ImageContext, image: StoredImage) {
  const { id, status, sizeBytes, sha512, md5, diskFormat } = image;
  if (status !== 'active' || sizeBytes === null || sha512 === null || md5 === null) {
    throw new ComputeError('conflict', `Image ${id} has no bytes yet: it is ${status}`);
  }
  return { sizeBytes, sha512, md5, diskFormat: diskFormat ?? 'raw', bytes: files.read(id) };
}

/** After a process died: uploads it was taking start again from queued. */
export async function healUploads({ store, files }: ImageContext): Promise<void> {
  await files.removeParts();
  for (const { id, status } of await store.list()) {
    if (status === 'saving') await store.update(id, { status: 'queued' }, 'saving');
  }
}
