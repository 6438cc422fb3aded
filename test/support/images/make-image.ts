/** Makes an image through the compute side's writer, with an id of its own. */
import { randomUUID } from 'node:crypto';
import type { ImageWriter, NewImage } from '#contracts/services/images.ts';
import type { Caller } from '#contracts/services/identity.ts';

/** Its id. */
export async function makeImage(
  writer: Pick<ImageWriter, 'createImage'>,
  image: Omit<NewImage, 'id'>,
  caller: Caller,
): Promise<string> {
  const id = randomUUID();
  await writer.createImage({ ...image, id }, caller);
  return id;
}
