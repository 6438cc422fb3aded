/** Ends of connections that were refused. */
import type { Duplex } from 'node:stream';

/**
 * Writes the text and closes the socket, also where its client keeps its own side open: after a
 * request for an upgrade, `end` alone would leave it half open. Example: `endSocket(socket,
 * 'HTTP/1.1 403 Forbidden\r\n…')`.
 */
export function endSocket(socket: Duplex, text: string): void {
  socket.end(text, () => socket.destroy());
}
