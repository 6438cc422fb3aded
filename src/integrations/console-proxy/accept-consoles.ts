/**
 * The WebSocket proxy to the consoles of servers: a connection with a valid token becomes a
 * connection to that console, in both directions. Without one there is no upgrade.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { AdmittedConsole } from '#contracts/host/admitted-console.ts';
import type { ConsoleKind } from '#contracts/host/guest-consoles.ts';
import type { Log } from '#contracts/log.ts';
import { errorText, isComputeError } from '#core/errors.ts';
import { endSocket } from '#runtime/streams/end-socket.ts';
import { joinStreams } from '#runtime/streams/join-streams.ts';
import { webSocketStream } from '#runtime/streams/web-socket-stream.ts';
import { isAllowedOrigin } from './allowed-origin.ts';
import { ConsoleSlots, type ConsoleLimits } from './console-slots.ts';

export interface AcceptConsolesOptions {
  server: Server;
  /** Other paths are left to others. */
  path: string;
  /** Throws `forbidden` for a token that is not valid. */
  admit: (token: string) => Promise<AdmittedConsole>;
  /** Of these servers, those whose open consoles are to be closed. */
  goneOf: (serverIds: readonly string[]) => Promise<string[]>;
  /** Hosts of pages, beside the one that the request names, that may connect. */
  allowedOrigins: readonly string[];
  limits: ConsoleLimits;
  log: Log;
}

const settings = {
  noServer: true,
  /** Of one message of a client. */
  maxPayload: 1024 * 1024,
  closeTimeout: 2_000,
  perMessageDeflate: false,
  /** Each message in a turn of its own: a flood of small ones leaves turns for others. */
  allowSynchronousEvents: false,
  handleProtocols: (offered: Set<string>): string | false =>
    offered.has('binary') ? 'binary' : false,
};
/** Finds consoles of deleted servers. */
const recheckMs = 10_000;

/** Serves upgrades on this path until it is closed. */
export function acceptConsoles(options: AcceptConsolesOptions): { close(): Promise<void> } {
  const { server, path, admit, allowedOrigins, limits, log } = options;
  const slots = new ConsoleSlots(limits);
  /** Not upgraded yet. */
  const pending = new Set<Duplex>();
  const sockets = new WebSocketServer(settings);

  const serve = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { serverId, projectId, kind, open } = await admit(tokenOf(request));
    const release = slots.take({ serverId, projectId });
    let guest: Duplex | undefined;
    try {
      guest = await open();
      if (socket.destroyed) return;
      const why = await upgraded({ request, socket, head }, guest, { serverId, kind });
      log.info({ server: serverId, console: kind, why }, 'console closed');
    } finally {
      release();
      guest?.destroy();
    }
  };

  const upgraded = (
    { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
    guest: Duplex,
    { serverId, kind }: { serverId: string; kind: ConsoleKind },
  ): Promise<string> =>
    new Promise((resolve) => {
      socket.once('close', () => resolve('closed'));
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        pending.delete(socket);
        const { remoteAddress: address } = request.socket;
        log.info({ server: serverId, console: kind, address }, 'console opened');
        const client = webSocketStream(webSocket, request.socket);
        const forget = slots.opened(serverId, client);
        void joinStreams(client, guest, limits).then((why) => {
          forget();
          resolve(why);
        });
      });
    });

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?')[0] !== path) return;
    pending.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => pending.delete(socket));
    const { origin, host } = request.headers;
    if (origin !== undefined && !isAllowedOrigin(origin, { host, others: allowedOrigins })) {
      log.warn({ origin, host }, 'a console was refused: its page is of another host');
      return refuse(socket, 403);
    }
    serve(request, socket, head).catch((error: unknown) => {
      const { remoteAddress: address } = request.socket;
      log.warn({ address, problem: errorText(error) }, 'a console was refused');
      refuse(socket, statusOf(error));
    });
  };
  server.on('upgrade', onUpgrade);

  const stopChecking = closeThoseOfGone(slots, options);
  return {
    async close() {
      stopChecking();
      server.off('upgrade', onUpgrade);
      for (const socket of pending) socket.destroy();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

/** Until the returned function is called. */
function closeThoseOfGone(
  slots: ConsoleSlots,
  { goneOf, log }: Pick<AcceptConsolesOptions, 'goneOf' | 'log'>,
): () => void {
  const recheck = async (): Promise<void> => {
    for (const id of await goneOf(slots.servers())) slots.closeOf(id);
  };
  const timer = setInterval(() => {
    recheck().catch((error: unknown) => log.error({ err: error }, 'cannot check open consoles'));
  }, recheckMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** '' where there is none, which is never valid. */
function tokenOf({ url = '' }: IncomingMessage): string {
  return new URLSearchParams(url.split('?')[1]).get('token') ?? '';
}

function statusOf(error: unknown): number {
  if (isComputeError(error, 'forbidden')) return 403;
  return isComputeError(error, 'conflict') ? 409 : 503;
}

/** Without a body: a client that expects frames reads none. */
function refuse(socket: Duplex, status: number): void {
  endSocket(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
