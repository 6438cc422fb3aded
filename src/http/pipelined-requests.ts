/**
 * Pipelined requests: a client may send the next request before the response to the previous one.
 * Node parses all that it reads and reports each at once; the responses must have their order.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** From this many waiting requests the connection is not read: the client's system keeps them. */
const pausedFrom = 10;
/**
 * One read of 64 KiB has up to 3,600 requests, parsed into 3 KB of memory each, and no pause comes
 * in between.
 */
const mostWaiting = 250;

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * Starts the requests of a connection one after the other, in their order, each once the response
 * to the previous one is sent. Of all connections together one waiting request is started per turn
 * of the event loop, so that clients that do not pipeline are served in between. Nothing is started
 * for a closed connection. A connection on which more than 250 requests wait is closed, after
 * `onExcess`. Example: `createServer(oneAtATime(handle, { onExcess: (socket) => … }))`.
 */
export function oneAtATime(
  handle: RequestListener,
  { onExcess }: { onExcess: (socket: Socket) => void },
): RequestListener {
  /** Those that wait, of each connection with a request in progress. */
  const waiting = new WeakMap<Socket, Exchange[]>();
  const due: Socket[] = [];

  const start = ({ request, response }: Exchange): void => {
    const { socket } = request;
    response.once('close', () => {
      if (waiting.get(socket)?.length === 0) {
        waiting.delete(socket);
        return;
      }
      due.push(socket);
      if (due.length === 1) setImmediate(startNext);
    });
    handle(request, response);
  };

  const startNext = (): void => {
    const socket = due.shift();
    if (due.length > 0) setImmediate(startNext);
    if (socket === undefined || socket.destroyed) return;
    const line = waiting.get(socket) ?? [];
    const next = line.shift();
    if (line.length === pausedFrom - 1) socket.resume();
    if (next !== undefined) start(next);
  };

  return (request, response) => {
    const { socket } = request;
    // What was read together with the excess.
    if (socket.destroyed) return;
    const line = waiting.get(socket);
    if (line === undefined) {
      waiting.set(socket, []);
      start({ request, response });
      return;
    }
    if (line.length >= mostWaiting) {
      onExcess(socket);
      waiting.delete(socket);
      dropUnparsed(socket);
      socket.destroy();
      return;
    }
    line.push({ request, response });
    // Node continues to read when this request is complete, which is later in this tick.
    if (line.length === pausedFrom) process.nextTick(() => socket.pause());
  };
}

/**
 * The parser continues to the end of what was read, closed connection or not: 3,000 requests cost
 * 40 ms. Without its handler they cost a sixth of that. Node has no documented way to stop it.
 */
function dropUnparsed(socket: Socket & { parser?: { onIncoming?: unknown } | null }): void {
  const skipBody = 2;
  if (socket.parser != null) socket.parser.onIncoming = () => skipBody;
}
