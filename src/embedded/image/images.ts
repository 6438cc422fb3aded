/** Images: create, find, change, remove. Their bytes are in `image-content.ts`. */
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Caller } from '#contracts/services/identity.ts';
import type { ImageRows, ImageStore, StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { ImageFiles } from './files/image-files.ts';
import { findImageToRemove, findOwnImage } from './image-access.ts';
import { checkImageCount, type LimitsOf, storageExceeded, uploadLimits } from './image-quotas.ts';
import { applyChanges, type Patch } from './patch.ts';
import type { UploadGate } from './files/upload-gate.ts';
import {
  type ImageBody,
  type ImageBodyFields,
  readImageBody,
  toFields,
  toImageBody,
} from './image-body.ts';

/** What every operation of the image service works with. */
export interface ImageContext {
  store: ImageStore;
  files: ImageFiles;
  clock: Clock;
  newId: NewId;
  log: Logger;
  limitsOf: LimitsOf;
  /** Ids of the images with an upload in progress. */
  uploading: Set<string>;
  /** For each upload: may it continue? */
  openGate: (image: StoredImage) => UploadGate;
}

/** POST /v2/images: without bytes, so `queued`. Only an admin may make it another project's. */
export async function createImage(
  context: ImageContext,
  caller: Caller,
  requested: ImageBody,
): Promise<StoredImage> {
  const fields = toFields(requested);
  checkVisibility(caller, fields);
  const { owner = caller.projectId } = requested;
  if (owner !== caller.projectId && !caller.isAdmin) {
    throw new ComputeError(
      'forbidden',
      `owner: You are not permitted to create images owned by '${owner}'.`,
    );
  }
  return addImage(context, owner, { ...fields, id: requested.id });
}

/**
 * A queued image with these fields. Throws `tooLarge` when the project may have no more. One of no
 * project belongs to the cloud, and is not counted.
 */
export async function addImage(
  { store, clock, newId, limitsOf }: ImageContext,
  projectId: string,
  { id = newId(), ...fields }: ImageBodyFields & { id?: string | undefined },
): Promise<StoredImage> {
  const now = clock.now();
  const image: StoredImage = {
    ...fields,
    id,
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

/** PATCH /v2/images/{id}: all changes, or none. */
export async function patchImage(
  context: ImageContext,
  caller: Caller,
  { id, changes, form }: Patch & { id: string },
): Promise<StoredImage> {
  if (!caller.isAdmin && changes.some(({ key }) => key === 'owner')) {
    throw new ComputeError('forbidden', "owner: Owner can't be updated by non admin.");
  }
  return context.store.atomic(async (rows) => {
    const before = await findOwnImage(rows, caller, id);
    if (changes.length === 0) return before;
    const requested = readImageBody(applyChanges(toImageBody(before), changes, form));
    const fields = toFields(requested);
    if (fields.visibility !== before.visibility) checkVisibility(caller, fields);
    refuseNewFormat(before, fields);
    const { owner: projectId = before.projectId } = requested;
    if (projectId !== before.projectId) await checkNewOwner(context, rows, { before, projectId });
    const change = { ...fields, projectId, updatedAt: context.clock.now() };
    await rows.update(id, change);
    return { ...before, ...change };
  });
}

function refuseNewFormat(before: StoredImage, fields: ImageBodyFields): void {
  if (before.status === 'queued') return;
  for (const [name, key] of Object.entries({
    disk_format: 'diskFormat',
    container_format: 'containerFormat',
  } as const)) {
    if (fields[key] === before[key]) continue;
    throw new ComputeError(
      'forbidden',
      `${name}: '${fields[key]}': it stays as it is once the image has its bytes`,
    );
  }
}

/** Another project gets the image: its quotas count. */
async function checkNewOwner(
  { limitsOf }: ImageContext,
  rows: ImageRows,
  { before, projectId }: { before: StoredImage; projectId: string },
): Promise<void> {
  if (projectId === '') return;
  await checkImageCount(rows, limitsOf, projectId);
  const { projectBytes: limitBytes } = uploadLimits(limitsOf(projectId));
  const usedBytes = await rows.bytesOf(projectId, []);
  const bytes = before.sizeBytes ?? 0;
  if (usedBytes + bytes <= limitBytes) return;
  throw storageExceeded({ id: before.id, projectId }, bytes, { usedBytes, limitBytes });
}

/** DELETE /v2/images/{id}, also of a damaged record: refused while it is protected. */
export async function removeImage(
  context: ImageContext,
  caller: Caller,
  id: string,
): Promise<void> {
  await context.store.atomic(async (rows) => {
    const image = await findImageToRemove(rows, caller, id);
    if (image.isProtected) {
      throw new ComputeError(
        'forbidden',
        `Image ${id} is protected and cannot be deleted: set protected to false first.`,
      );
    }
    await rows.remove(id);
  });
  await context.files.remove(id);
}

function checkVisibility(caller: Caller, { visibility }: ImageBodyFields): void {
  if (visibility !== 'public' || caller.isAdmin) return;
  throw new ComputeError('forbidden', "visibility: 'public' may be set only with the role admin.");
}
