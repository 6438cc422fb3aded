/** Who may see and who may change an image. */
import type { Caller } from '#contracts/services/identity.ts';
import type { ImageRows, StoredImage } from '#contracts/store/image-store.ts';
import { damagedRecord } from '#core/damaged-record.ts';
import { ComputeError } from '#core/errors.ts';
import { admits } from '#http/routes/admits.ts';
import type { ListQuery } from './lists/list-query.ts';

/** The roles of calls that read, and of those that write. */
export const readers = ['reader', 'service'] as const;
export const writers = ['member'] as const;

/** Throws `forbidden` where the caller has none of these roles. */
export function requireRole(caller: Caller, roles: typeof readers | typeof writers): void {
  if (admits(roles, caller)) return;
  throw new ComputeError(
    'forbidden',
    `The image service needs the role ${roles.join(' or ')} for this.`,
  );
}

/** Is it the caller's own, or is the caller an admin? */
export function ownsImage(caller: Caller, image: StoredImage): boolean {
  return caller.isAdmin || caller.projectId === image.projectId;
}

/**
 * What a list may show: own, public and accepted shared images; all of them to an admin. Community
 * images of others only when the query requests them, as in Glance.
 */
export async function visibleImages(
  rows: ImageRows,
  caller: Caller,
  { memberStatus, includesCommunity }: ListQuery,
): Promise<StoredImage[]> {
  const { projectId } = caller;
  if (!caller.isAdmin) return rows.list({ projectId, memberStatus, community: includesCommunity });
  const images = await rows.list();
  if (includesCommunity) return images;
  return images.filter(
    (image) => image.visibility !== 'community' || image.projectId === projectId,
  );
}

/**
 * Throws `notFound` also for what the caller may not see, `conflict` for a damaged record, for
 * administrators with the reason.
 */
export async function findImage(rows: ImageRows, caller: Caller, id: string): Promise<StoredImage> {
  return readable(await findAnyRecord(rows, caller, id), caller);
}

function readable(image: StoredImage, { isAdmin }: Caller): StoredImage {
  if (image.damage === undefined) return image;
  throw damagedRecord(`Image ${image.id}`, isAdmin ? image.damage : undefined);
}

async function findAnyRecord(rows: ImageRows, caller: Caller, id: string): Promise<StoredImage> {
  const image = await rows.get(id);
  if (image !== undefined && (await maySee(rows, caller, image))) return image;
  throw new ComputeError('notFound', `No image found with ID ${id}`);
}

async function maySee(rows: ImageRows, caller: Caller, image: StoredImage): Promise<boolean> {
  if (image.visibility === 'public' || image.visibility === 'community') return true;
  if (ownsImage(caller, image)) return true;
  if (image.visibility !== 'shared') return false;
  return (await rows.member(image.id, caller.projectId)) !== undefined;
}

/** As `findImage`; throws `forbidden` when it may be seen but not changed. */
export async function findOwnImage(
  rows: ImageRows,
  caller: Caller,
  id: string,
): Promise<StoredImage> {
  return readable(await findImageToRemove(rows, caller, id), caller);
}

/** The same of an image whose record may be damaged. */
export async function findImageToRemove(
  rows: ImageRows,
  caller: Caller,
  id: string,
): Promise<StoredImage> {
  const image = await findAnyRecord(rows, caller, id);
  if (ownsImage(caller, image)) return image;
  throw new ComputeError(
    'forbidden',
    `Image ${id} belongs to another project: only its owner or an admin may change it.`,
  );
}
