/**
 * The controller's side of the socket: the one path where hosts dial in. A host presents its token
 * before the connection becomes a link, may act only for itself, and has one link at a time.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { sha256OfToken } from '#runtime/token-hash.ts';
import {
  type ControllerEnd,
  hostLinkPath,
  type LinkedHost,
  type ToAgent,
  type ToController,
} from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { bearerToken } from '#runtime/bearer-token.ts';
import { LinkRefused } from './refusal.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { SocketChannel } from './socket-channel.ts';
import { maxMessageBytes, readFromAgent } from './wire.ts';

/** The token's host, or why it is refused: an HTTP status with a message for the dialling peer. */
export type Admission = { host: string } | { status: 401 | 409; message: string };

export interface HostDoorOptions {
  server: Server;
  /** Called when a host dials in, and for each link at every `recheck`. Gets the token's hash. */
  admit(tokenSha256: string): Promise<Admission>;
  /** A host has connected. It has not sent a message yet. */
  onLink(end: ControllerEnd): void;
  log: Log;
  livenessMs?: number;
}

export interface HostDoor {
  linked(): LinkedHost[];
  /** Closes the link of every host that would not be admitted now. */
  recheck(): Promise<void>;
  /** Closes all links and admits no more hosts. */
  close(): Promise<void>;
}

type HostChannel = SocketChannel<ToAgent, ToController>;

interface Link extends LinkedHost {
  channel: HostChannel;
  tokenSha256: string;
}

const pingMs = 10_000;
const settings = {
  noServer: true,
  maxPayload: maxMessageBytes,
  /** How long a peer may take to answer our close frame. */
  closeTimeout: 2_000,
  perMessageDeflate: false,
  /** Each message in a turn of its own: a flood of small ones leaves turns for others. */
  allowSynchronousEvents: false,
};

/** Admits hosts that connect to `hostLinkPath` of this server. */
export function acceptHostLinks(options: HostDoorOptions): HostDoor {
  const links = new Map<string, Link>();
  const pendingUpgrades = new Set<Duplex>();
  const sockets = new WebSocketServer(settings);

  const welcome = (socket: WebSocket, known: Omit<Link, 'channel' | 'since'>): void => {
    const link: Link = { ...known, channel: channelOf(socket, known, options), since: Date.now() };
    const before = links.get(link.host);
    if (before !== undefined) {
      const { host, address } = link;
      options.log.warn(
        { host, address, before: before.address },
        'host connected again: its older link is closed',
      );
      before.channel.refuse('replaced', `host ${host} has connected again`);
    }
    links.set(link.host, link);
    link.channel.onClose(() => {
      if (links.get(link.host) === link) links.delete(link.host);
      options.log.info({ host: link.host, address: link.address }, 'host has closed its link');
    });
    options.log.info({ host: link.host, address: link.address }, 'host has connected');
    options.onLink(link.channel);
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?')[0] !== hostLinkPath) return;
    pendingUpgrades.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => pendingUpgrades.delete(socket));
    const tokenSha256 = sha256OfToken(bearerToken(request.headers.authorization));
    const address = request.socket.remoteAddress ?? '';
    options
      .admit(tokenSha256)
      .then((admission) => {
        if (!('host' in admission)) {
          options.log.warn(
            { address, status: admission.status },
            `a host was refused: ${admission.message}`,
          );
          return refuseUpgrade(socket, admission);
        }
        const { host } = admission;
        sockets.handleUpgrade(request, socket, head, (open) => {
          pendingUpgrades.delete(socket);
          welcome(open, { host, address, tokenSha256 });
        });
      })
      .catch((error: unknown) => {
        options.log.error({ err: error, address }, 'a host could not be admitted');
        refuseUpgrade(socket, { status: 503, message: 'The controller cannot check tokens now.' });
      });
  };
  options.server.on('upgrade', onUpgrade);

  return {
    linked: () => [...links.values()].map(({ host, address, since }) => ({ host, address, since })),
    async recheck() {
      for (const link of links.values()) {
        const admission = await options.admit(link.tokenSha256);
        if ('host' in admission) continue;
        options.log.warn({ host: link.host }, `link closed: ${admission.message}`);
        link.channel.refuse('tokenRevoked', admission.message);
      }
    },
    async close() {
      options.server.off('upgrade', onUpgrade);
      for (const socket of pendingUpgrades) socket.destroy();
      for (const { channel } of links.values()) channel.close();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

/** Checks that the host's first message is its hello, for its own id. */
function channelOf(
  socket: WebSocket,
  { host, address }: { host: string; address: string },
  { log, livenessMs = pingMs }: HostDoorOptions,
): HostChannel {
  let hasReceivedHello = false;
  const read = (text: string): ToController => {
    const message = readFromAgent(text);
    if (message.type === 'hello') {
      hasReceivedHello = true;
      if (message.host === host) return message;
      throw new LinkRefused('otherHost', `this token is of host ${host}, not of ${message.host}`);
    }
    if (hasReceivedHello) return message;
    throw new LinkRefused('malformed', `"${message.type}" before "hello"`);
  };
  return new SocketChannel(socket, { read, peer: { host, address }, log, livenessMs });
}
