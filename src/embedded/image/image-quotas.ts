/**
 * What a project may have of images, and the messages for it. The quotas of a project count for all
 * its images, regardless of who made or filled them.
 */
import type { ImageRows } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { exceededQuotas } from '#core/quotas/check.ts';
import { type QuotaLimits, unlimited } from '#core/quotas/limits.ts';

export type LimitsOf = (projectId: string) => QuotaLimits;

const bytesPerMib = 1024 ** 2;

/**
 * May the project have one image more? Counted in the transaction that adds it. Throws `tooLarge`,
 * as Glance does (413). Example: `Quota exceeded for images: project 6f… has 100 of 100 images and
 * asks for 1 more.`
 */
export async function checkImageCount(
  rows: Pick<ImageRows, 'count'>,
  limitsOf: LimitsOf,
  projectId: string,
): Promise<void> {
  const limits = limitsOf(projectId);
  if (limits.images === unlimited) return;
  const used = await rows.count(projectId);
  if (exceededQuotas(limits, { used: { images: used }, requested: { images: 1 } }).length === 0)
    return;
  throw new ComputeError(
    'tooLarge',
    `Quota exceeded for images: project ${projectId} has ${used} of ${limits.images} images and asks for 1 more.`,
  );
}

/** The limits of one upload, in bytes; `Infinity` where there is none. */
export interface UploadLimits {
  imageBytes: number;
  projectBytes: number;
}

/** Example: `image_size: 2` → `imageBytes: 2097152`. */
export function uploadLimits(limits: QuotaLimits): UploadLimits {
  const bytes = (mib: number) => (mib === unlimited ? Number.POSITIVE_INFINITY : mib * bytesPerMib);
  return { imageBytes: bytes(limits.image_size), projectBytes: bytes(limits.image_storage) };
}

/**
 * The refusal of an image that is larger than one may be. `bytes`: of the image, as far as they are
 * known.
 */
export function imageTooLarge(id: string, bytes: number, limitBytes: number): ComputeError {
  return new ComputeError(
    'tooLarge',
    `The incoming image is too large: Quota exceeded for image_size: image ${id} has ${bytes} bytes or more, and one image may have ${inMib(limitBytes)}.`,
  );
}

/**
 * The refusal of an image for which the project has no room. `usedBytes`: of its other images and
 * uploads.
 */
export function storageExceeded(
  { id, projectId }: { id: string; projectId: string },
  bytes: number,
  { usedBytes, limitBytes }: { usedBytes: number; limitBytes: number },
): ComputeError {
  return new ComputeError(
    'tooLarge',
    `Image exceeds the storage quota: Quota exceeded for image_storage: image ${id} has ${bytes} bytes or more, and the other images of project ${projectId} have ${usedBytes} bytes of ${inMib(limitBytes)}.`,
  );
}

/** Example: 2097152 → `2 MiB (2097152 bytes)`. */
function inMib(bytes: number): string {
  return `${bytes / bytesPerMib} MiB (${bytes} bytes)`;
}
