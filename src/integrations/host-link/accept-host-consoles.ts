/** The controller's side: connections of hosts to the consoles that were requested of them. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { hostConsolePath } from '#contracts/host/host-link.ts';
import type { Admission, HostCredential } from '#contracts/host/identity/host-credential.ts';
import type { Log } from '#contracts/log.ts';
import { webSocketStream } from '#runtime/streams/web-socket-stream.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface AcceptHostConsolesOptions {
  /** Called for each connection, with what the host presents, and at every `recheck`. */
  admit: (credential: HostCredential) => Promise<Admission>;
  /** Was a console requested of this host with this id? */
  expects: (host: string, requestId: string) => boolean;
  take: (host: string, requestId: string, stream: Duplex) => void;
  log: Log;
}

const closeTimeout = 2_000;
/** Of one message: what an agent passes on at once. */
const maxPayload = 1024 * 1024;

export interface HostConsoleDoor {
  /** Takes connections below `hostConsolePath` of this server. */
  listenOn(server: Server, credentialOf: (request: IncomingMessage) => HostCredential): void;
  /** Closes every console of a host that would not be admitted now. */
  recheck(): Promise<void>;
  close(): Promise<void>;
}

const settings = {
  noServer: true,
  maxPayload,
  closeTimeout,
  perMessageDeflate: false,
  /** Each message in a turn of its own: a flood of small ones leaves turns for others. */
  allowSynchronousEvents: false,
};

interface Opened {
  host: string;
  credential: HostCredential;
}

export function acceptHostConsoles({
  admit,
  expects,
  take,
  log,
}: AcceptHostConsolesOptions): HostConsoleDoor {
  const sockets = new WebSocketServer(settings);
  /** Not upgraded yet. */
  const pending = new Set<Duplex>();
  const opened = new Map<Duplex, Opened>();
  const unlisten: (() => void)[] = [];
  const takeUpgrade = (
    { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
    { requestId, credential }: { requestId: string; credential: HostCredential },
  ): void => {
    pending.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => pending.delete(socket));
    admit(credential)
      .then((admission) => {
        if (!('host' in admission)) return refuseUpgrade(socket, admission);
        const { host } = admission;
        if (!expects(host, requestId)) {
          const message = 'No console was requested with this id, or it came too late.';
          return refuseUpgrade(socket, { status: 404, message });
        }
        sockets.handleUpgrade(request, socket, head, (open) => {
          pending.delete(socket);
          const stream = webSocketStream(open, request.socket);
          opened.set(stream, { host, credential });
          stream.once('close', () => opened.delete(stream));
          take(host, requestId, stream);
        });
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'a console of a host could not be admitted');
        refuseUpgrade(socket, {
          status: 503,
          message: 'The controller cannot check who you are now.',
        });
      });
  };
  return {
    listenOn(server, credentialOf) {
      const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
        const requestId = requestIdOf(request);
        if (requestId === undefined) return;
        takeUpgrade({ request, socket, head }, { requestId, credential: credentialOf(request) });
      };
      server.on('upgrade', onUpgrade);
      unlisten.push(() => server.off('upgrade', onUpgrade));
    },
    recheck: () => recheck(opened, { admit, log }),
    async close() {
      for (const stop of unlisten) stop();
      for (const socket of pending) socket.destroy();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

async function recheck(
  opened: ReadonlyMap<Duplex, Opened>,
  { admit, log }: Pick<AcceptHostConsolesOptions, 'admit' | 'log'>,
): Promise<void> {
  for (const [stream, { host, credential }] of opened) {
    const admission = await admit(credential);
    if ('host' in admission) continue;
    log.warn({ host }, `console closed: ${admission.message}`);
    stream.destroy();
  }
}

function requestIdOf({ url = '' }: IncomingMessage): string | undefined {
  const prefix = `${hostConsolePath}/`;
  return url.startsWith(prefix) ? url.slice(prefix.length) : undefined;
}
