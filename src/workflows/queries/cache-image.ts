/** Images that hosts fetch before a server needs them. */
import type { WorkflowContext } from '../engine/context.ts';

/** Requests it of this host. False: it is not linked, or its agent is older. */
export function cacheImage(
  { links }: Pick<WorkflowContext, 'links'>,
  hostId: string,
  imageId: string,
): boolean {
  return links.imageCaches.request(hostId, imageId);
}

/** Was it requested of this host lately? */
export function mayCache(
  { links }: Pick<WorkflowContext, 'links'>,
  hostId: string,
  imageId: string,
): boolean {
  return links.imageCaches.allows(hostId, imageId);
}
