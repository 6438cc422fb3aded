/** Changes of an image that have their own paths: tags, and whether it can be downloaded. */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import { findOwnImage } from '../image-access.ts';
import { readImageBody } from '../image-body.ts';
import type { ImageContext } from '../images.ts';

/**
 * PUT …/tags/{tag}. No error when the image has it. Throws `tooLarge` for more tags than an image
 * may have.
 */
export function addTag(context: ImageContext, caller: Caller, id: string, tag: string) {
  return changeTags(context, caller, id, (tags) => [...new Set([...tags, tag])]);
}

/** DELETE …/tags/{tag}. Throws `notFound` when the image does not have it. */
export function removeTag(context: ImageContext, caller: Caller, id: string, tag: string) {
  return changeTags(context, caller, id, (tags) => {
    if (!tags.includes(tag)) throw new ComputeError('notFound', `Image ${id} has no tag '${tag}'.`);
    return tags.filter((other) => other !== tag);
  });
}

async function changeTags(
  { store, clock }: ImageContext,
  caller: Caller,
  id: string,
  change: (tags: string[]) => string[],
): Promise<void> {
  await store.atomic(async (rows) => {
    const image = await findOwnImage(rows, caller, id);
    const tags = change(image.tags);
    readImageBody({ ...image.properties, tags });
    await rows.update(id, { tags, updatedAt: clock.now() });
  });
}

/**
 * POST …/actions/deactivate: only admins can download its bytes, and no server is made from it. No
 * error when it is so already.
 */
export function deactivate(context: ImageContext, caller: Caller, id: string): Promise<void> {
  return setStatus(context, caller, { id, act: 'deactivate', to: 'deactivated', from: 'active' });
}

/** POST …/actions/reactivate. */
export function reactivate(context: ImageContext, caller: Caller, id: string): Promise<void> {
  return setStatus(context, caller, { id, act: 'reactivate', to: 'active', from: 'deactivated' });
}

interface StatusChange {
  id: string;
  act: string;
  to: 'active' | 'deactivated';
  from: 'active' | 'deactivated';
}

async function setStatus(
  { store, clock }: ImageContext,
  caller: Caller,
  { id, act, to, from }: StatusChange,
): Promise<void> {
  await store.atomic(async (rows) => {
    const { status } = await findOwnImage(rows, caller, id);
    if (status === to) return;
    if (status !== from) {
      throw new ComputeError(
        'forbidden',
        `Not allowed to ${act} image ${id} in status '${status}'`,
      );
    }
    await rows.update(id, { status: to, updatedAt: clock.now() });
  });
}
