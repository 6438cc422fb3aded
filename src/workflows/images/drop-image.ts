/** Deletes an image that is incomplete or no longer needed. */
import type { WorkflowContext } from '../engine/context.ts';

/** Is it gone? Never throws: its user can delete an image that is left. */
export async function dropImage(
  { images, log }: Pick<WorkflowContext, 'images' | 'log'>,
  imageId: string,
): Promise<boolean> {
  try {
    await images.deleteImage(imageId);
    return true;
  } catch (error) {
    log.warn({ err: error, imageId }, 'an image that was to be deleted is left');
    return false;
  }
}
