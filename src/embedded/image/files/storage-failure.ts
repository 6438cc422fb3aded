/** Messages for the system's errors when the bytes of an image cannot be written. */
import { ComputeError } from '#core/errors.ts';
import { storageFull } from './upload-gate.ts';

const full = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const denied = ['EROFS', 'EACCES', 'EPERM', 'EIO'];

/**
 * The failure as `tooLarge` (Glance: 413, "storage full") or as `unavailable` (Glance: 503,
 * "storage write denied"); every other error as it is. Example: ENOSPC → `Image storage media is
 * full: there is no room for image 5f… .`
 */
export function asUploadFailure(error: unknown, imageId: string): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if (typeof code !== 'string') return error;
  const more = { detail: message ?? code, cause: error };
  if (full.includes(code)) return storageFull(imageId, more);
  if (!denied.includes(code)) return error;
  return new ComputeError(
    'unavailable',
    `Insufficient permissions on image storage media: the bytes of image ${imageId} cannot be written. An administrator can see the reason in the log.`,
    more,
  );
}
