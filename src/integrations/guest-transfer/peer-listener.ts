/**
 * Accepts connections of other hosts while a guest is offered to one, or expected from it; nothing
 * listens at any other time.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { Log } from '#contracts/log.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { checkPeer, isOneOf, type PeerIdentity, peerTls } from './peer-identity.ts';
import { parseOpening, readLine, refusingLine } from './peer-stream.ts';

type ContextChosen = (error: Error | null, context?: SecureContext) => void;

export interface PeerListenerOptions {
  address: string;
  port: number;
  identity: () => Promise<PeerIdentity>;
  log: Log;
}

/** What one guest's connections are for. */
export interface Accepting {
  /** The only host that may connect. */
  peer: string;
  /** Answers the connection and serves it to its end. What it throws is sent as the refusal. */
  serve: (what: string, socket: TLSSocket) => Promise<void>;
}

/** Connections whose first line has not come: of hosts that may connect, and of all others. */
const mostWaiting = { expected: 64, strangers: 16 };
/** A connection before its handshake holds memory only, and for this long. */
const mostConnections = 4_096;
const handshakeMs = 10_000;
/** How long a peer that was refused may take to close its end. */
const closingMs = 2_000;

export class PeerListener {
  readonly #options: PeerListenerOptions;
  readonly #accepting = new Map<string, Accepting>();
  readonly #sockets = new Map<TLSSocket, string | undefined>();
  readonly #waiting = { expected: new Set<TLSSocket>(), strangers: new Set<TLSSocket>() };
  readonly #changes = new SerialQueue();
  #server: { server: Server; authority: string } | undefined;

  constructor(options: PeerListenerOptions) {
    this.#options = options;
  }

  /** The port that it listens on; differs from the configured one where that is 0. */
  get port(): number {
    const address = this.#server?.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  /**
   * Accepts connections until `close` of the returned key. Throws `unavailable` for a used port.
   */
  open(accepting: Accepting): Promise<string> {
    return this.#changes.run(async () => {
      if (this.#server === undefined) await this.#listen();
      const key = randomBytes(32).toString('base64url');
      this.#accepting.set(key, accepting);
      return key;
    });
  }

  /** Ends its connections. With the last one nothing listens any more. */
  close(key: string): Promise<void> {
    return this.#changes.run(async () => {
      this.#accepting.delete(key);
      for (const [socket, of] of this.#sockets) if (of === key) socket.destroy();
      if (this.#accepting.size > 0 || this.#server === undefined) return;
      const { server } = this.#server;
      this.#server = undefined;
      for (const socket of this.#sockets.keys()) socket.destroy();
      server.close();
    });
  }

  async #listen(): Promise<void> {
    const { address, port, identity, log } = this.#options;
    const own = await identity();
    const options = {
      ...peerTls(own),
      handshakeTimeout: handshakeMs,
      // It may have been replaced since this port was opened.
      SNICallback: (_name: string, chosen: ContextChosen) => {
        identity().then(
          (now) => chosen(null, createSecureContext(peerTls(now))),
          (error: unknown) => chosen(error instanceof Error ? error : new Error(String(error))),
        );
      },
    };
    const server = createServer(options, (socket) => void this.#serve(socket, own.authority));
    // A peer that is not TLS, or goes away.
    server.on('tlsClientError', () => undefined);
    server.maxConnections = mostConnections;
    server.listen(port, address);
    try {
      await once(server, 'listening');
    } catch (cause) {
      const message = `cannot accept guests of other hosts at ${address}, port ${port}: ${errorText(cause)}`;
      throw new ComputeError('unavailable', message, { cause });
    }
    server.on('error', (error) => log.warn({ err: error }, 'a connection was not accepted'));
    this.#server = { server, authority: own.authority };
  }

  async #serve(socket: TLSSocket, authority: string): Promise<void> {
    socket.on('error', () => undefined);
    this.#sockets.set(socket, undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    try {
      const how = { authority, now: Date.now() };
      const peers = [...this.#accepting.values()].map(({ peer }) => peer);
      const kind = isOneOf(socket, peers, how) ? 'expected' : 'strangers';
      const waiting = this.#waiting[kind];
      if (waiting.size >= mostWaiting[kind]) {
        throw new ComputeError('unavailable', 'too many connections');
      }
      waiting.add(socket);
      socket.once('close', () => waiting.delete(socket));
      const opening = parseOpening(await readLine(socket));
      const accepting = opening && this.#accepting.get(opening.key);
      if (opening === undefined || accepting === undefined) {
        throw new ComputeError('notFound', 'it does not offer or expect that guest any more');
      }
      checkPeer(socket, accepting.peer, how);
      waiting.delete(socket);
      this.#sockets.set(socket, opening.key);
      await accepting.serve(opening.what, socket);
    } catch (error) {
      this.#options.log.debug({ err: error, peer: socket.remoteAddress }, 'a host was refused');
      if (socket.destroyed) return;
      socket.end(refusingLine(errorText(error)));
      setTimeout(() => socket.destroy(), closingMs).unref();
    }
  }
}
