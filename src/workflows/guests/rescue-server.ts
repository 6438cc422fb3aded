/**
 * Rescue: the guest starts from another image, with its own disk as the second one and the same
 * devices; and the way back.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { RescueImage } from '#core/guests/build-guest.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { findImage } from '../boot/find-image.ts';
import { refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { actOnGuest } from './act-on-guest.ts';
import { guestActs } from './guest-acts.ts';

/** `imageId` null: the server's own image. */
export interface RescueRequest {
  imageId: string | null;
  requestId: string;
}

/**
 * Begins the rescue and returns at once. Throws `invalid` for an image that cannot be used,
 * `conflict` in a wrong state. A rescue that fails leaves the server as it was. Source: Nova
 * `API.rescue`.
 */
export async function rescueServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { imageId, requestId }: RescueRequest,
): Promise<void> {
  const { action, from } = guestActs.rescue;
  refuseState(server, action, from);
  const rescueImage =
    imageId === null ? ownImage(server) : await usableImage(context, caller, imageId);
  await actOnGuest(context, caller, server, { act: 'rescue', requestId, rescueImage });
}

function ownImage({ id, imageId, imageProperties }: Server): RescueImage {
  if (imageId !== null) return { id: imageId, properties: imageProperties };
  throw new ComputeError(
    'invalid',
    `Instance ${id} cannot be rescued: it has no image, and rescue_image_ref names none`,
  );
}

/** Properties of an image for Nova's rescue that keeps the names of all disks. */
const stableRescue = ['hw_rescue_device', 'hw_rescue_bus'] as const;

async function usableImage(
  context: WorkflowContext,
  caller: Caller,
  id: string,
): Promise<RescueImage> {
  const { properties } = await found(context, caller, id);
  const unsupported = stableRescue.find((name) => properties[name] !== undefined);
  if (unsupported === undefined) return { id, properties };
  throw new ComputeError(
    'invalid',
    `Requested rescue image '${id}' is not supported: image property ${unsupported} is not offered; the rescue disk is always the guest's first disk`,
  );
}

async function found(context: WorkflowContext, caller: Caller, id: string) {
  try {
    return await findImage(context, caller, id);
  } catch (cause) {
    if (!isComputeError(cause, 'invalid')) throw cause;
    throw new ComputeError(
      'invalid',
      `Requested rescue image '${id}' is not supported: ${cause.message}`,
      { cause },
    );
  }
}
