/** Images, listed, shown and deleted: the image service decides what the caller may. */
import type { Image } from '#contracts/services/images.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import type { View } from '../requests/microversions.ts';
import { linkAfter } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import { readImageQuery } from './filters.ts';
import { findImage, imageIdOf } from './find.ts';
import { viewImage, viewImageBriefly } from './views.ts';

export const listImages = (call: Call) => listBy(call, viewImageBriefly);
export const listImagesInDetail = (call: Call) => listBy(call, viewImage);

async function listBy(call: Call, view: (call: Call, image: Image) => View): Promise<Reply> {
  const { context, caller, query } = call;
  const page = await context.images.listImages(readImageQuery(query), caller);
  const images = await mapInTurns(page.images, (image) => view(call, image));
  const last = page.images.at(-1);
  const links = page.hasMore && last !== undefined ? [linkAfter(call, last.id)] : [];
  return { body: { images, ...(links.length > 0 && { images_links: links }) } };
}

export async function showImage(call: Call): Promise<Reply> {
  return { body: { image: viewImage(call, await findImage(call)) } };
}

export async function deleteImage(call: Call): Promise<Reply> {
  await call.context.images.deleteImageAs(imageIdOf(call), call.caller);
  return {};
}
