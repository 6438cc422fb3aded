/** The image that a path names, as the image service shows it to the caller. */
import type { Image } from '#contracts/services/images.ts';
import { ComputeError } from '#core/errors.ts';
import { uuidForm } from '../requests/fields.ts';
import type { Call } from '../requests/route.ts';

/** Throws `notFound` for what cannot be the id of an image. */
export function imageIdOf({ params }: Pick<Call, 'params'>): string {
  const id = params['id'] ?? '';
  if (uuidForm.test(id)) return id;
  throw new ComputeError('notFound', `No image found with ID ${id}`);
}

/** Throws `notFound`. */
export function findImage(call: Pick<Call, 'params' | 'context' | 'caller'>): Promise<Image> {
  return call.context.images.showImage(imageIdOf(call), call.caller);
}
