/** One file from host to host: its bytes, then their SHA-256 in hex, which is compared. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { ComputeError, errorText } from '#core/errors.ts';
import { dialPeer, type PeerPlace } from './dial-peer.ts';
import type { PeerIdentity } from './peer-identity.ts';
import { acceptingLine } from './peer-stream.ts';

const sumBytes = 64;
const chunkBytes = 2 ** 20;

/** At least this many bytes come in each time of this length. */
export interface Pace {
  bytes: number;
  ms: number;
}

/** 128 KiB/s: a peer that sends a byte now and then keeps no move waiting. */
const leastPace: Pace = { bytes: 30 * 128 * 1024, ms: 30_000 };

/** What is requested for a file of this name. */
export function fileRequest(name: string): string {
  return `file ${name}`;
}

/** The name in such a request; undefined: it is another one. */
export function requestedFile(what: string): string | undefined {
  return what.startsWith('file ') ? what.slice('file '.length) : undefined;
}

/** Sends this many bytes of the file. */
export async function sendFile(socket: TLSSocket, path: string, bytes: number): Promise<void> {
  socket.write(acceptingLine(Date.now(), bytes));
  const sum = createHash('sha256');
  if (bytes > 0) {
    const content = createReadStream(path, { end: bytes - 1, highWaterMark: chunkBytes });
    const summed = new Transform({
      highWaterMark: chunkBytes,
      transform(chunk: Buffer, _encoding, done) {
        sum.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(content, summed, socket as Writable, { end: false });
  }
  socket.end(sum.digest('hex'));
}

/**
 * Writes the file of that name to `path`. `onBytes` is called with the length of each part. Throws
 * `unavailable` when the connection ends early or is slower than the pace, or the sum differs;
 * nothing is left then. So it is after the place's signal, whose reason it throws.
 */
export async function fetchFile(
  place: PeerPlace,
  { name, bytes, path }: { name: string; bytes: number; path: string },
  identity: PeerIdentity,
  { pace = leastPace, onBytes }: { pace?: Pace; onBytes?: (bytes: number) => void } = {},
): Promise<void> {
  const { socket, opened } = await dialPeer(place, fileRequest(name), identity);
  let stopPacing = (): void => undefined;
  try {
    if (opened.bytes !== bytes) {
      throw new ComputeError(
        'unavailable',
        `it has ${opened.bytes} bytes, was offered with ${bytes}`,
      );
    }
    stopPacing = keepPace(socket, bytes + sumBytes, pace);
    const sum = createHash('sha256');
    let tail = Buffer.alloc(0);
    let left = bytes;
    const content = new Transform({
      highWaterMark: chunkBytes,
      transform(chunk: Buffer, _encoding, done) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        tail = Buffer.concat([tail, chunk.subarray(part.length)]);
        if (tail.length > sumBytes) return done(new Error('the other host sends more than that'));
        sum.update(part);
        onBytes?.(part.length);
        done(null, part);
      },
    });
    await pipeline(socket, content, createWriteStream(path, { highWaterMark: chunkBytes }));
    if (left > 0) throw new ComputeError('unavailable', `the connection ended ${left} bytes early`);
    if (tail.toString('latin1') !== sum.digest('hex')) {
      throw new ComputeError('unavailable', 'its checksum differs from that of the other host');
    }
  } catch (cause) {
    socket.destroy();
    await rm(path, { force: true });
    place.signal?.throwIfAborted();
    throw new ComputeError(
      'unavailable',
      `file ${name} of the guest was not copied from host ${place.host}: ${errorText(cause)}`,
      { cause },
    );
  } finally {
    stopPacing();
  }
}

/** Destroys the socket of `total` bytes when fewer come than the pace requires. */
function keepPace(socket: TLSSocket, total: number, { bytes, ms }: Pace): () => void {
  const start = socket.bytesRead;
  let before = start;
  const timer = setInterval(() => {
    const came = socket.bytesRead - before;
    const least = Math.min(bytes, Math.max(total - (before - start), 1));
    before = socket.bytesRead;
    if (came >= least) return;
    const rule = `at least ${bytes} bytes are required`;
    socket.destroy(new Error(`${came} bytes came from it in ${ms / 1_000} s, ${rule}`));
  }, ms);
  return () => clearInterval(timer);
}
