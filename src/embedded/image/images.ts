/** Images: create, find, change, remove. Their bytes are in `image-content.ts`. */
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Caller } from '#contracts/identity.ts';
import type { ImageStore, StoredImage } from '#contracts/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { ImageFiles } from './image-files.ts';
import { checkImageCount, type LimitsOf } from './image-quotas.ts';
import { applyPatch } from './patch.ts';
import type { UploadGate } from './upload-gate.ts';
import { readImageBody, toFields, toImageBody, type ImageBodyFields } from './image-body.ts';

/** What every act of the image service works with. */
export interface ImageContext {
  store: ImageStore;
  files: ImageFiles;
  clock: Clock;
  newId: NewId;
  log: Logger;
  limitsOf: LimitsOf;
  /** For each upload: may it go on? */
  openGate: (image: StoredImage) => UploadGate;
}

/** POST /v2/images: without bytes, so `queued`. */
export async function createImage(
  context: ImageContext,
  caller: Caller,
  body: unknown,
): Promise<StoredImage> {
  const fields = toFields(readImageBody(body));
  checkVisibility(caller, fields);
  return addImage(context, caller.projectId, fields);
}

/** A queued image with these fields. Throws `tooLarge` when the project may have no more. One of no project belongs to the cloud, and is not counted. */
export async function addImage(
  { store, clock, newId, limitsOf }: ImageContext,
  projectId: string,
  fields: ImageBodyFields,
): Promise<StoredImage> {
  const now = clock.now();
  const image: StoredImage = {
    ...fields,
    id: newId(),
    status: 'queued',
    projectId,
    sizeBytes: null,
    md5: null,
    sha512: null,
    createdAt: now,
    updatedAt: now,
  };
  await store.atomic(async (rows) => {
    if (projectId !== '') await checkImageCount(rows, limitsOf, projectId);
    await rows.add(image);
  });
  return image;
}

/** What a list shows: own and public ones; all of them to an admin. */
export async function listImages({ store }: ImageContext, caller: Caller): Promise<StoredImage[]> {
  const images = await store.list();
  return images.filter((image) => ownsImage(caller, image) || image.visibility === 'public');
}

/** Throws `notFound` also for what the caller may not see. */
export async function findImage(
  { store }: ImageContext,
  caller: Caller,
  id: string,
): Promise<StoredImage> {
  const image = await store.get(id);
  const isOpen = image?.visibility === 'public' || image?.visibility === 'community';
  if (image !== undefined && (isOpen || ownsImage(caller, image))) return image;
  throw new ComputeError('notFound', `No image found with ID ${id}`);
}

/** As `findImage`; throws `forbidden` when it may be seen but not changed. */
export async function findOwnImage(
  context: ImageContext,
  caller: Caller,
  id: string,
): Promise<StoredImage> {
  const image = await findImage(context, caller, id);
  if (ownsImage(caller, image)) return image;
  throw new ComputeError(
    'forbidden',
    `Image ${id} belongs to another project: only its owner or an admin may change it.`,
  );
}

/** PATCH /v2/images/{id}. */
export async function patchImage(
  context: ImageContext,
  caller: Caller,
  { id, patch }: { id: string; patch: unknown },
): Promise<StoredImage> {
  const before = await findOwnImage(context, caller, id);
  const fields = toFields(readImageBody(applyPatch(toImageBody(before), patch)));
  if (fields.visibility !== before.visibility) checkVisibility(caller, fields);
  for (const key of ['diskFormat', 'containerFormat'] as const) {
    if (fields[key] !== before[key] && before.status !== 'queued') {
      throw new ComputeError(
        'forbidden',
        `${key === 'diskFormat' ? 'disk_format' : 'container_format'}: '${fields[key]}': it stays as it is once the image has its bytes`,
      );
    }
  }
  const updatedAt = context.clock.now();
  await context.store.update(id, { ...fields, updatedAt });
  return { ...before, ...fields, updatedAt };
}

/** DELETE /v2/images/{id}: refused while it is protected. */
export async function removeImage(
  context: ImageContext,
  caller: Caller,
  id: string,
): Promise<void> {
  const image = await findOwnImage(context, caller, id);
  if (image.isProtected) {
    throw new ComputeError(
      'forbidden',
      `Image ${id} is protected and cannot be deleted: set protected to false first.`,
    );
  }
  await context.store.remove(id);
  await context.files.remove(id);
}

function ownsImage(caller: Caller, image: StoredImage): boolean {
  return caller.isAdmin || caller.projectId === image.projectId;
}

function checkVisibility(caller: Caller, { visibility }: ImageBodyFields): void {
  if (visibility !== 'public' || caller.isAdmin) return;
  throw new ComputeError('forbidden', "visibility: 'public' may be set only with the role admin.");
}
