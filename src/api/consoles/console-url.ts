/** Addresses of the proxy to the consoles of servers. */
import type { OfferedConsole } from '#core/servers/console-type.ts';

/** A GET returns the page that shows a console; a WebSocket with a token is the console. */
export const consolePath = '/novella/v1/console';

/**
 * `novnc`: of the page, with the path of its WebSocket, as noVNC's own pages have it. `serial`: of
 * the WebSocket itself. Example: `('https://cloud.example:8774', 'serial', 'T')` →
 * `wss://cloud.example:8774/novella/v1/console?token=T`.
 */
export function consoleUrl(origin: string, type: OfferedConsole, token: string): string {
  const socket = `${consolePath}?token=${token}`;
  if (type === 'serial') return `${origin.replace(/^http/, 'ws')}${socket}`;
  return `${origin}${consolePath}?path=${encodeURIComponent(socket.slice(1))}`;
}

/** Is this request an upgrade to the WebSocket of a console? */
export function isConsoleRequest(request: {
  url?: string | undefined;
  headers: { upgrade?: string | undefined };
}): boolean {
  const [path] = (request.url ?? '').split('?');
  return path === consolePath && request.headers.upgrade?.toLowerCase() === 'websocket';
}
