/** The image that a server's disk is copied to. */
import type { Caller } from '#contracts/services/identity.ts';
import type { NewImage } from '#contracts/services/images.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * Creates it without content. Throws `overQuota` for what is too large for the
 * image service.
 */
export async function newImage(
  { images }: WorkflowContext,
  caller: Caller,
  image: NewImage,
): Promise<void> {
  try {
    await images.createImage(image, caller);
  } catch (cause) {
    if (!isComputeError(cause, 'tooLarge')) throw cause;
    throw new ComputeError('overQuota', cause.message, { cause });
  }
}
