/** Which requests of the compute API's server are upgrades to the link of a host. */
import { hostLinkPath } from '#contracts/host/host-link.ts';

/** All others are plain HTTP, whatever upgrade they offer. */
export function isHostLinkRequest(request: {
  url?: string | undefined;
  headers: { upgrade?: string | undefined };
}): boolean {
  const [path] = (request.url ?? '').split('?');
  return path === hostLinkPath && request.headers.upgrade?.toLowerCase() === 'websocket';
}
