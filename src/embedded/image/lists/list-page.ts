/** A page of the images that a caller may see. */
import type { Caller } from '#contracts/services/identity.ts';
import type { ImageRows, StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { findImage, visibleImages } from '../image-access.ts';
import type { Query } from './filter-values.ts';
import { type ListQuery, pageOf, readListQuery } from './list-query.ts';

/** For the query of `GET /v2/images`. Throws `invalid`, naming key and value. */
export async function listPage(
  rows: ImageRows,
  caller: Caller,
  query: Query,
): Promise<{ page: StoredImage[]; isMore: boolean }> {
  const wanted = readListQuery(query);
  const images = await visibleImages(rows, caller, wanted);
  return pageOf(images, wanted, await markedImage(rows, caller, wanted));
}

/**
 * The image that the page begins after. It need not match the filters any more. Throws `invalid`
 * when it is not an image that the caller may see.
 */
async function markedImage(rows: ImageRows, caller: Caller, { marker }: ListQuery) {
  if (marker === undefined) return undefined;
  try {
    return await findImage(rows, caller, marker);
  } catch (cause) {
    if (!isComputeError(cause, 'notFound')) throw cause;
    throw new ComputeError('invalid', `query.marker: ${cause.message}`, { cause });
  }
}
