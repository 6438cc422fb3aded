/** The agent's side of the socket: dials the controller, and redials for as long as it runs. */
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import {
  type AgentEnd,
  type CertificateOffer,
  hostLinkPath,
  type ToAgent,
  type ToController,
} from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import { errorText } from '#core/errors.ts';
import { backoffMs } from '#runtime/backoff.ts';
import { faultMessage } from '#runtime/messages/fault-message.ts';
import { needsPerson as needsPersonFor } from './identity/request-certificate.ts';
import { tlsProblem } from './identity/tls-problem.ts';
import { refusalOf } from './refusal.ts';
import { SocketChannel } from './socket-channel.ts';
import { maxMessageBytes, readFromController } from './wire.ts';

export interface DialOptions {
  host: string;
  /**
   * How to connect, at each try: certificate or token may have been replaced. Throws what prevents
   * it: `unavailable` for what may pass without a person.
   */
  connection: () => Promise<ControllerConnection>;
  /** What `connection` chooses from; absent: there is one. */
  addresses?: { count: number; next(): void };
  /** Called when the controller offers a certificate to a host with a token. */
  onOffer?: (offer: CertificateOffer) => void;
  /** Called when the controller requests that the host replaces its certificate. */
  onRenew?: () => void;
  /** Called when a link is up. */
  onLink: (end: AgentEnd) => void;
  log: Log;
  timing?: Partial<DialTiming>;
}

export interface DialTiming {
  /** Pause after a first failure; it doubles with each further failure. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** Pause where only an operator can help: a refused token. */
  patientPauseMs: number;
  livenessMs: number;
}

const usualTiming: DialTiming = {
  firstPauseMs: 250,
  longestPauseMs: 4_000,
  patientPauseMs: 30_000,
  livenessMs: 10_000,
};

/** A link that lasted longer resets the back-off. */
const goodLinkMs = 5_000;
const handshakeTimeout = 10_000;
const closeTimeout = 2_000;
/** A refusal is a short text. */
const maxRefusalBytes = 16 * 1024;

/** How a try ended. `needsPerson`: retrying soon is of no use. */
interface Ended {
  message: string;
  needsPerson: boolean;
  lastedMs: number;
}

export interface Dial {
  /** Closes the link, if there is one, and dials at once: certificate or address have changed. */
  reconnect(): void;
  /** Stops it and returns when no link is up; it does not close the link. */
  close(): Promise<void>;
}

/** Starts dialling. */
export function dialController(options: DialOptions): Dial {
  const timing = { ...usualTiming, ...options.timing };
  const stopping = new AbortController();
  const own: { link?: AgentEnd; isReconnecting: boolean } = { isReconnecting: false };
  const onLink = (link: AgentEnd): void => {
    own.link = link;
    link.onClose(() => {
      if (own.link === link) delete own.link;
    });
    options.onLink(link);
  };
  const wasReconnecting = (): boolean => {
    const is = own.isReconnecting;
    own.isReconnecting = false;
    return is;
  };
  const loop = keepDialling({ ...options, onLink, wasReconnecting }, timing, stopping.signal);
  return {
    reconnect: () => {
      own.isReconnecting = own.link !== undefined;
      own.link?.close();
    },
    close: () => {
      stopping.abort();
      return loop;
    },
  };
}

async function keepDialling(
  options: DialOptions & { wasReconnecting: () => boolean },
  timing: DialTiming,
  stopping: AbortSignal,
): Promise<void> {
  const { log, host } = options;
  let failures = 0;
  let lastMessage = '';
  while (!stopping.aborted) {
    const { message, needsPerson, lastedMs } = await oneLink(options, timing, stopping);
    if (stopping.aborted) return;
    if (options.wasReconnecting() && lastedMs > 0) continue;
    const { addresses = { count: 1, next: () => {} } } = options;
    addresses.next();
    failures = lastedMs > goodLinkMs ? 0 : failures + 1;
    const isNew = message !== lastMessage || needsPerson || lastedMs > 0;
    lastMessage = message;
    log[isNew ? 'warn' : 'debug']({ host }, `${message}; trying again`);
    const { firstPauseMs: firstMs, longestPauseMs: longestMs, patientPauseMs } = timing;
    // Each address is tried before the pauses grow.
    const rounds = Math.floor((failures - 1) / addresses.count);
    const base = needsPerson ? patientPauseMs : backoffMs({ firstMs, longestMs }, rounds);
    // Jittered, so that a thousand hosts do not reconnect at the same moment.
    await pause(base * (0.5 + Math.random() / 2), undefined, { signal: stopping }).catch(() => {});
  }
}

/** Dials once, and returns when that link has ended for any reason. */
async function oneLink(
  options: DialOptions,
  timing: DialTiming,
  stopping: AbortSignal,
): Promise<Ended> {
  let connection: ControllerConnection;
  try {
    connection = await options.connection();
  } catch (error) {
    return { message: errorText(error), needsPerson: needsPersonFor(error), lastedMs: 0 };
  }
  const ended = await linkOver(connection, options, { timing, stopping });
  if (ended.failure === undefined) return ended;
  const distrust = await tlsProblem(ended.failure, connection, Date.now());
  return { ...ended, message: unreachable(connection.url, ended.failure, distrust) };
}

/** `failure`: why it was never up, where the controller has not refused it. */
function linkOver(
  { url, headers, tls }: ControllerConnection,
  options: DialOptions,
  { timing, stopping }: { timing: DialTiming; stopping: AbortSignal },
): Promise<Ended & { failure?: Error }> {
  const { host, log } = options;
  const peer = { host, controller: url };
  return new Promise((resolve) => {
    const limits = { maxPayload: maxMessageBytes, handshakeTimeout, closeTimeout };
    const settings = { ...limits, ...tls, headers, perMessageDeflate: false };
    const socket = new WebSocket(socketUrl(url), settings);
    let since: number | undefined;
    let problem: Error | undefined;
    const terminate = () => {
      if (since === undefined) socket.terminate();
    };
    stopping.addEventListener('abort', terminate, { once: true });
    socket.on('unexpected-response', (request, response) => {
      const ended = (message: string) => {
        request.destroy();
        const needsPerson = response.statusCode === 401 || response.statusCode === 409;
        const refusal = refusalText(response.statusCode ?? 0, message, host);
        resolve({ message: refusal, needsPerson, lastedMs: 0 });
      };
      readRefusal(response).then(ended, () => ended(''));
    });
    socket.on('error', (error) => {
      problem ??= error;
    });
    socket.on('open', () => {
      since = Date.now();
      log.info(peer, 'connected to the controller');
      const { livenessMs } = timing;
      const read = (text: string): ToAgent => {
        const message = readFromController(text);
        if (message.type === 'welcome' && message.offer) options.onOffer?.(message.offer);
        if (message.type === 'renew-certificate') options.onRenew?.();
        return message;
      };
      const channel = new SocketChannel<ToController, ToAgent>(socket, {
        read,
        peer,
        log,
        livenessMs,
      });
      options.onLink(channel);
    });
    socket.on('close', (code, reason) => {
      stopping.removeEventListener('abort', terminate);
      const needsPerson = refusalOf(code) !== undefined;
      if (since === undefined) {
        const failure = problem ?? new Error('connection ended');
        return resolve({ message: '', needsPerson, lastedMs: 0, failure });
      }
      const lastedMs = Date.now() - since;
      resolve({ message: hungUp(code, String(reason), host), needsPerson, lastedMs });
    });
  });
}

/** Example: `https://cloud.example:8774/` → `wss://cloud.example:8774/novella/v1/host-link`. */
export function socketUrl(controllerUrl: string): string {
  const url = new URL(controllerUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = hostLinkPath;
  return url.href;
}

async function readRefusal(response: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString();
    if (text.length > maxRefusalBytes) break;
  }
  return faultMessage(text) ?? '';
}

function unreachable(url: string, failure: Error, distrust: string | undefined): string {
  if (distrust !== undefined) return `the controller at ${url} is not trusted: ${distrust}`;
  const { code = failure.message } = failure as { code?: string };
  return `the controller at ${url} does not answer (${code})`;
}

function refusalText(status: number, message: string, host: string): string {
  const reason = message === '' ? `it answered ${status}` : message;
  if (status === 401) {
    return `the controller refuses this host: ${reason} ${newTokenHint(host)}`;
  }
  if (status === 404 || status === 426)
    return `${reason.replace(/\.$/, '')}: is the address of the controller right?`;
  return `the controller refuses this host: ${reason}`;
}

function hungUp(code: number, reason: string, host: string): string {
  switch (refusalOf(code)) {
    case 'revoked':
      return `the controller closed the link: ${reason} ${newTokenHint(host)}`;
    case 'otherHost':
      return `the controller closed the link: ${reason}; set the host's name in the configuration, or join with a token of ${host}`;
    case 'replaced':
      return `the controller closed the link: ${reason}: another agent runs with the name and certificate of ${host}`;
    case 'malformed':
      return `the controller closed the link because it could not read a message of this agent: ${reason}; are both of one version?`;
    case undefined:
      return `the link to the controller is down (${reason || `code ${code}`})`;
  }
}

function newTokenHint(host: string): string {
  return `Make a join token with "novella host enroll ${host} --replace", and put it into token_file of this agent`;
}
