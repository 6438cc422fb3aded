/** Deletes an image that is incomplete or no longer needed. */
import type { WorkflowContext } from '../engine/context.ts';

/**
 * Is it gone? Never throws: its user can delete an image that is left. `willRetry`: the caller
 * tries again.
 */
export async function dropImage(
  { images, log }: Pick<WorkflowContext, 'images' | 'log'>,
  imageId: string,
  { willRetry = false }: { willRetry?: boolean } = {},
): Promise<boolean> {
  try {
    await images.deleteImage(imageId);
    return true;
  } catch (error) {
    const message = willRetry
      ? 'cannot delete an image; will retry'
      : 'an image that was to be deleted is left';
    log.warn({ err: error, imageId }, message);
    return false;
  }
}
