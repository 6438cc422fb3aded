/** Rebuild: the guest is recreated from an image; host, ports, addresses and devices are kept. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Server } from '#core/servers/server.ts';
import { actOnGuest } from './act-on-guest.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { checkImageFits, findImage } from '../boot/find-image.ts';

/** `change`: other fields that the user sets with it. */
export interface RebuildRequest {
  imageId: string;
  change: Partial<
    Pick<
      Server,
      | 'name'
      | 'description'
      | 'metadata'
      | 'diskConfig'
      | 'accessIpv4'
      | 'accessIpv6'
      | 'keyName'
      | 'key'
      | 'userData'
      | 'hostname'
    >
  >;
  requestId: string;
}

/**
 * Begins the rebuild and returns at once. Throws `invalid` when the image does not fit the flavor,
 * `conflict` in a wrong state.
 */
export async function rebuildServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { imageId, change, requestId }: RebuildRequest,
): Promise<void> {
  const image = await findImage(context, caller, imageId);
  checkImageFits(server.flavor, image);
  await actOnGuest(context, caller, server, {
    act: 'rebuild',
    requestId,
    change: { ...change, imageId, imageProperties: image.properties },
  });
}
