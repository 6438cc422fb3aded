/**
 * The controller's side of the socket: the one path where hosts dial in. A host presents its
 * certificate before the connection becomes a link, may act only for itself, and has one link at a
 * time.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Admission, HostCredential } from '#contracts/host/identity/host-credential.ts';
import {
  type ControllerEnd,
  hostLinkPath,
  type LinkedHost,
  type ToAgent,
  type ToController,
} from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { LinkRefused } from './refusal.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { SocketChannel } from './socket-channel.ts';
import { maxMessageBytes, readFromAgent } from './wire.ts';

export interface HostDoorOptions {
  /** Called when a host dials in, and for each link at every `recheck`. */
  admit(credential: HostCredential): Promise<Admission>;
  /** A host has connected. It has not sent a message yet. */
  onLink(end: ControllerEnd, link: { host: string; credential: HostCredential }): void;
  log: Log;
  livenessMs?: number;
}

export interface HostDoor {
  /** Admits hosts that connect to `hostLinkPath` of this server, with what they present. */
  listenOn(server: Server, credentialOf: (request: IncomingMessage) => HostCredential): void;
  linked(): LinkedHost[];
  /** Sends this to the host. False: it has no link here by a certificate. */
  sendToCertified(host: string, message: ToAgent): boolean;
  /** Closes the link of every host that would not be admitted now. */
  recheck(): Promise<void>;
  /** Closes all links and admits no more hosts. */
  close(): Promise<void>;
}

type HostChannel = SocketChannel<ToAgent, ToController>;

interface Link extends LinkedHost {
  channel: HostChannel;
  credential: HostCredential;
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

const unsure = { status: 503, message: 'The controller cannot check who you are now.' };

/** Links of one host replace each other, by whatever server they come. */
export function acceptHostLinks(options: HostDoorOptions): HostDoor {
  const links = new Map<string, Link>();
  const pendingUpgrades = new Set<Duplex>();
  const sockets = new WebSocketServer(settings);

  const welcome = (socket: WebSocket, known: Omit<Link, 'channel' | 'since' | 'serial'>): void => {
    const { credential } = known;
    const serial = credential.kind === 'certificate' ? credential.serial : null;
    const channel = channelOf(socket, known, options);
    takeLink(links, { ...known, serial, channel, since: Date.now() }, options);
  };

  const take = (
    { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
    credential: HostCredential,
  ): void => {
    pendingUpgrades.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => pendingUpgrades.delete(socket));
    const address = request.socket.remoteAddress ?? '';
    options
      .admit(credential)
      .then((admission) => {
        if (!('host' in admission)) return refuse({ socket, address }, admission, options.log);
        const { host } = admission;
        sockets.handleUpgrade(request, socket, head, (open) => {
          pendingUpgrades.delete(socket);
          welcome(open, { host, address, credential });
        });
      })
      .catch((error: unknown) => {
        options.log.error({ err: error, address }, 'a host could not be admitted');
        refuseUpgrade(socket, unsure);
      });
  };
  const unlisten: (() => void)[] = [];

  return {
    listenOn(server, credentialOf) {
      const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
        if (request.url?.split('?')[0] !== hostLinkPath) return;
        take({ request, socket, head }, credentialOf(request));
      };
      server.on('upgrade', onUpgrade);
      unlisten.push(() => server.off('upgrade', onUpgrade));
    },
    linked: () => [...links.values()].map(viewLink),
    sendToCertified: (host, message) => sendToCertified(links, host, message),
    recheck: () => recheck(links, options),
    async close() {
      for (const stop of unlisten) stop();
      for (const socket of pendingUpgrades) socket.destroy();
      for (const { channel } of links.values()) channel.close();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

/** The host's older link, if it has one, is closed. */
function takeLink(links: Map<string, Link>, link: Link, options: HostDoorOptions): void {
  const { host, address, channel } = link;
  const { log } = options;
  const before = links.get(host);
  if (before !== undefined) {
    log.warn(
      { host, address, before: before.address },
      'host connected again: its older link is closed',
    );
    before.channel.refuse('replaced', `host ${host} has connected again`);
  }
  links.set(host, link);
  channel.onClose(() => {
    if (links.get(host) === link) links.delete(host);
    log.info({ host, address }, 'host has closed its link');
  });
  log.info({ host, address }, 'host has connected');
  options.onLink(channel, link);
}

function viewLink({ host, address, since, serial }: Link): LinkedHost {
  return { host, address, since, serial };
}

function sendToCertified(
  links: ReadonlyMap<string, Link>,
  host: string,
  message: ToAgent,
): boolean {
  const link = links.get(host);
  if (link === undefined || link.serial === null) return false;
  link.channel.send(message);
  return true;
}

async function recheck(links: ReadonlyMap<string, Link>, options: HostDoorOptions): Promise<void> {
  const checked = [...links.values()];
  // All at once: what is read for them is read together.
  const admissions = await Promise.all(
    checked.map(async (link) => ({ link, admission: await options.admit(link.credential) })),
  );
  for (const { link, admission } of admissions) {
    if ('host' in admission) continue;
    options.log.warn({ host: link.host }, `link closed: ${admission.message}`);
    link.channel.refuse('revoked', admission.message);
  }
}

function refuse(
  { socket, address }: { socket: Duplex; address: string },
  refusal: Extract<Admission, { status: number }>,
  log: Log,
): void {
  log.warn({ address, status: refusal.status }, `a host was refused: ${refusal.message}`);
  refuseUpgrade(socket, refusal);
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
      throw new LinkRefused(
        'otherHost',
        `this is the certificate or token of host ${host}, not of ${message.host}`,
      );
    }
    if (hasReceivedHello) return message;
    throw new LinkRefused('malformed', `"${message.type}" before "hello"`);
  };
  return new SocketChannel(socket, { read, peer: { host, address }, log, livenessMs });
}
