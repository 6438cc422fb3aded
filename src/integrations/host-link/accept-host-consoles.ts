/** The controller's side: connections of hosts to the consoles that were requested of them. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { hostConsolePath } from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { bearerToken } from '#runtime/bearer-token.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { webSocketStream } from '#runtime/streams/web-socket-stream.ts';
import type { Admission } from './host-door.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface AcceptHostConsolesOptions {
  server: Server;
  /** Called for each connection. Gets the hash of the host's token. */
  admit: (tokenSha256: string) => Promise<Admission>;
  /** Was a console requested of this host with this id? */
  expects: (host: string, requestId: string) => boolean;
  take: (host: string, requestId: string, stream: Duplex) => void;
  log: Log;
}

const closeTimeout = 2_000;
/** Of one message: what an agent passes on at once. */
const maxPayload = 1024 * 1024;

/** Takes connections below `hostConsolePath` until the returned function is called. */
export function acceptHostConsoles({
  server,
  admit,
  expects,
  take,
  log,
}: AcceptHostConsolesOptions): {
  close(): Promise<void>;
} {
  const settings = {
    noServer: true,
    maxPayload,
    closeTimeout,
    perMessageDeflate: false,
    /** Each message in a turn of its own: a flood of small ones leaves turns for others. */
    allowSynchronousEvents: false,
  };
  const sockets = new WebSocketServer(settings);
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const requestId = requestIdOf(request);
    if (requestId === undefined) return;
    socket.on('error', () => socket.destroy());
    admit(sha256OfToken(bearerToken(request.headers.authorization)))
      .then((admission) => {
        if (!('host' in admission)) return refuseUpgrade(socket, admission);
        const { host } = admission;
        if (!expects(host, requestId)) {
          const message = 'No console was requested with this id, or it came too late.';
          return refuseUpgrade(socket, { status: 404, message });
        }
        sockets.handleUpgrade(request, socket, head, (open) =>
          take(host, requestId, webSocketStream(open, request.socket)),
        );
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'a console of a host could not be admitted');
        refuseUpgrade(socket, { status: 503, message: 'The controller cannot check tokens now.' });
      });
  };
  server.on('upgrade', onUpgrade);
  return {
    async close() {
      server.off('upgrade', onUpgrade);
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

function requestIdOf({ url = '' }: IncomingMessage): string | undefined {
  const prefix = `${hostConsolePath}/`;
  return url.startsWith(prefix) ? url.slice(prefix.length) : undefined;
}
