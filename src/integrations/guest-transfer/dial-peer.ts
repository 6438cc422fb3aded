/** Connects to another host for one file or one channel of a guest. */
import { addAbortSignal } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { ComputeError } from '#core/errors.ts';
import { anyPeer, checkPeer, type PeerIdentity, peerTls } from './peer-identity.ts';
import { lineTimeoutMs, type Opened, openingLine, parseAnswer, readLine } from './peer-stream.ts';

/** Where a host accepts connections for one guest. */
export interface PeerPlace {
  host: string;
  address: string;
  port: number;
  /** The secret by which the connection is for that guest. */
  key: string;
  /** Ends the connection; its reason is the error. */
  signal?: AbortSignal;
}

/**
 * The connection, answered. The address is that host's own choice: nothing is sent to whoever
 * answers there before its certificate has named that host. Throws `unavailable` when nobody
 * answers, or that refuses; `forbidden` when it is another host.
 */
export async function dialPeer(
  { host, address, port, key, signal }: PeerPlace,
  what: string,
  identity: PeerIdentity,
): Promise<{ socket: TLSSocket; opened: Opened }> {
  const socket = connect({ ...peerTls(identity), host: address, port, servername: anyPeer });
  if (signal !== undefined) addAbortSignal(signal, socket);
  try {
    await connected(socket, { host, address, port });
    checkPeer(socket, host, { authority: identity.authority, now: Date.now() });
    socket.write(openingLine(key, what));
    return { socket, opened: parseAnswer(await readLine(socket)) };
  } catch (error) {
    socket.on('error', () => undefined);
    socket.destroy();
    signal?.throwIfAborted();
    throw error;
  }
}

function connected(
  socket: TLSSocket,
  { host, address, port }: Omit<PeerPlace, 'key'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const place = `host ${host} at ${address}, port ${port}`;
    const failed = (why: string): void =>
      reject(new ComputeError('unavailable', `${place}, ${why}: is that port open for this host?`));
    const timer = setTimeout(() => failed('does not answer'), lineTimeoutMs);
    const onError = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      failed(`does not answer (${error.code ?? error.message})`);
    };
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve();
    });
  });
}
