/** Which requests are upgrades by hosts: their links and consoles. */
import { hostConsolePath, hostLinkPath } from '#contracts/host/host-link.ts';

/** All others are plain HTTP, whatever upgrade they offer. */
export function isHostRequest(request: {
  url?: string | undefined;
  headers: { upgrade?: string | undefined };
}): boolean {
  const [path = ''] = (request.url ?? '').split('?');
  if (request.headers.upgrade?.toLowerCase() !== 'websocket') return false;
  return path === hostLinkPath || path.startsWith(`${hostConsolePath}/`);
}
