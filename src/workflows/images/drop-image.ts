/** Deletes an image that is incomplete or no longer needed. */
import type { WorkflowContext } from '../engine/context.ts';

/** Never throws: its user can delete an image that is left. */
export async function dropImage(
  { images, log }: Pick<WorkflowContext, 'images' | 'log'>,
  imageId: string,
): Promise<void> {
  try {
    await images.deleteImage(imageId);
  } catch (error) {
    log.warn({ err: error, imageId }, 'an image that was to be deleted is left');
  }
}
