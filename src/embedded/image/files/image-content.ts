/** The bytes of an image: uploaded once, downloaded any number of times. */
import { ComputeError } from '#core/errors.ts';
import type { ImageStore, StoredImage } from '#contracts/store/image-store.ts';
import type { ByteRange } from './image-files.ts';
import type { ImageContext } from '../images.ts';
import { asUploadFailure } from './storage-failure.ts';

/** Bytes of an upload. `announcedBytes`: how many there will be, where the client announces it. */
export interface Upload {
  bytes: AsyncIterable<Uint8Array>;
  announcedBytes?: number;
}

/**
 * Takes the bytes of a queued image and makes it active. Throws `conflict` when it has its bytes or
 * is getting them, `tooLarge` when a quota or the disk has no room for it; then, and when the bytes
 * break off, it is queued again.
 */
export async function uploadContent(
  context: ImageContext,
  image: StoredImage,
  upload: Upload,
): Promise<void> {
  const { store, uploading, log } = context;
  const { id } = image;
  refuseWithoutFormats(image);
  if (uploading.has(id)) throw isNotQueued(id);
  uploading.add(id);
  try {
    if (!(await beginSaving(store, id))) throw isNotQueued(id);
    await takeBytes(context, image, upload).catch(async (error: unknown) => {
      const failure = asUploadFailure(error, id);
      const { detail } = failure as { detail?: string };
      if (detail !== undefined) log.warn({ imageId: id, detail }, 'upload refused');
      await store
        .update(id, { status: 'queued' }, 'saving')
        .catch((cause: unknown) => log.warn({ err: cause, imageId: id }, 'image is left saving'));
      throw failure;
    });
  } finally {
    uploading.delete(id);
  }
}

/** An image that is saving without an upload remains when the database could not be written. */
async function beginSaving(store: ImageStore, id: string): Promise<boolean> {
  const change = { status: 'saving' } as const;
  return (await store.update(id, change, 'queued')) || store.update(id, change, 'saving');
}

function isNotQueued(id: string): ComputeError {
  return new ComputeError(
    'conflict',
    `Image ${id} is not queued: it has its bytes already, or is getting them`,
  );
}

async function takeBytes(
  { store, files, clock, openGate }: ImageContext,
  image: StoredImage,
  { bytes, announcedBytes }: Upload,
): Promise<void> {
  const gate = openGate(image);
  try {
    if (announcedBytes !== undefined) await gate.admit(announcedBytes);
    const written = await files.write(image.id, bytes, gate.admit);
    const change = { ...written, status: 'active' as const, updatedAt: clock.now() };
    if (await store.update(image.id, change, 'saving')) return;
    await files.remove(image.id);
    throw new ComputeError('notFound', `Image ${image.id} was deleted while its bytes came.`);
  } finally {
    gate.close();
  }
}

function refuseWithoutFormats(image: StoredImage): void {
  const missing = [
    ...(image.diskFormat === null ? ['disk_format'] : []),
    ...(image.containerFormat === null ? ['container_format'] : []),
  ];
  if (missing.length === 0) return;
  throw new ComputeError(
    'invalid',
    `${missing.join(', ')}: must be set before the bytes of image ${image.id} are sent`,
  );
}

/** The recorded size and hashes of an image that has its bytes. */
export interface KnownContent {
  sizeBytes: number;
  sha512: string;
  md5: string;
}

/** undefined while the image has no bytes. */
export function knownContent({ sizeBytes, sha512, md5 }: StoredImage): KnownContent | undefined {
  if (sizeBytes === null || sha512 === null || md5 === null) return undefined;
  return { sizeBytes, sha512, md5 };
}

/**
 * The bytes, or a range of them. Throws `notFound` when the image has been deleted, `unavailable`
 * when only its file is gone.
 */
export async function readContent(
  { store, files }: ImageContext,
  id: string,
  range?: ByteRange,
): Promise<AsyncIterable<Uint8Array>> {
  const bytes = await files.read(id, range);
  if (bytes !== undefined) return bytes;
  if ((await store.get(id)) === undefined) {
    throw new ComputeError('notFound', `No image found with ID ${id}`);
  }
  throw new ComputeError(
    'unavailable',
    `The bytes of image ${id} are not in the state directory any more: delete the image and upload it again.`,
  );
}

/**
 * For hosts: the bytes with what they must be. Throws `conflict` for an image that has none yet or
 * is deactivated.
 */
export async function openContent(context: ImageContext, image: StoredImage) {
  const { id, status, diskFormat } = image;
  const known = knownContent(image);
  if (status !== 'active' || known === undefined) {
    const why = status === 'deactivated' ? 'cannot be downloaded' : 'has no bytes yet';
    throw new ComputeError('conflict', `Image ${id} ${why}: it is ${status}`);
  }
  return { ...known, diskFormat: diskFormat ?? 'raw', bytes: await readContent(context, id) };
}

/** After a process died: uploads it was taking start again from queued. */
export async function healUploads({ store, files }: ImageContext): Promise<void> {
  await files.removeParts();
  for (const { id, status } of await store.list()) {
    if (status === 'saving') await store.update(id, { status: 'queued' }, 'saving');
  }
}
