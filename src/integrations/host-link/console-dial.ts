/** The agent's side of a console: its own connection to the controller, for one request. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import { hostConsolePath } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import { webSocketStream } from '#runtime/streams/web-socket-stream.ts';

const limits = {
  handshakeTimeout: 10_000,
  closeTimeout: 2_000,
  /** Of one message: what the controller passes on at once. */
  maxPayload: 1024 * 1024,
  perMessageDeflate: false,
  /** Each message in a turn of its own: a flood of small ones leaves turns for others. */
  allowSynchronousEvents: false,
};

/**
 * Connects to the controller for the console that it requested with this id; `at`: to the one with
 * this address, of the same cluster. Throws `unavailable` when it does not answer or refuses, and
 * what `connection` throws.
 */
export function consoleDial(connection: () => Promise<ControllerConnection>) {
  return async (requestId: string, at?: string): Promise<Duplex> => {
    const { url: linkedTo, headers, tls } = await connection();
    const controllerUrl = at ?? linkedTo;
    const url = new URL(controllerUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.pathname = `${hostConsolePath}/${requestId}`;
    const socket = new WebSocket(url, { ...limits, ...tls, headers });
    return new Promise<Duplex>((resolve, reject) => {
      socket.once('upgrade', ({ socket: transport }) => {
        // At once: no byte may be missed.
        socket.once('open', () => resolve(webSocketStream(socket, transport)));
      });
      socket.once('error', (cause) => {
        const message = `the controller at ${controllerUrl} does not take the console: ${cause.message}`;
        reject(new ComputeError('unavailable', message, { cause }));
      });
    });
  };
}
