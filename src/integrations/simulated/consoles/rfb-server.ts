/**
 * The display of a simulated guest, by the RFB protocol 3.8 without a password: stripes, and one
 * block more for each key that is pressed. Source: RFC 6143.
 */
import type { Duplex } from 'node:stream';
import { ByteReader, StreamEnded } from './byte-reader.ts';
import {
  type Colour,
  formatBytes,
  type PixelFormat,
  pixel,
  readFormat,
  usualFormat,
} from './pixel-format.ts';

export const displaySize = { width: 320, height: 200 } as const;

const version = 'RFB 003.008\n';
const noPassword = 1;
const block = 10;
const stripes: readonly Colour[] = [
  [16, 24, 48],
  [24, 48, 80],
  [32, 72, 112],
  [40, 96, 144],
];
const white: Colour = [255, 255, 255];
/** A client's clipboard; a longer one ends the connection. */
const longestCutText = 256 * 1024;

/** Message types of a client. */
const fromClient = {
  setPixelFormat: 0,
  setEncodings: 2,
  updateRequest: 3,
  key: 4,
  pointer: 5,
  cutText: 6,
} as const;

interface Display {
  format: PixelFormat;
  /** Keys pressed so far. */
  keys: number;
  /** Those of them that the client has in its picture. */
  shownKeys: number;
  /** The client waits for a change. */
  isAwaited: boolean;
}

/** Serves one client until it leaves or sends what the protocol does not have. Never throws. */
export async function serveRfb(stream: Duplex, { name }: { name: string }): Promise<void> {
  const reader = new ByteReader(stream);
  try {
    await handshake(stream, reader, name);
    const display: Display = { format: usualFormat, keys: 0, shownKeys: 0, isAwaited: false };
    while (await takeMessage(stream, reader, display));
    stream.end();
  } catch (error) {
    if (!(error instanceof StreamEnded)) stream.destroy();
  }
}

async function handshake(stream: Duplex, reader: ByteReader, name: string): Promise<void> {
  await send(stream, Buffer.from(version));
  const theirs = (await reader.read(version.length)).toString('latin1');
  if (!/^RFB 003\.00[78]\n$/.test(theirs)) throw new StreamEnded();
  await send(stream, Buffer.from([1, noPassword]));
  const [chosen] = await reader.read(1);
  if (chosen !== noPassword) throw new StreamEnded();
  if (theirs === version) await send(stream, Buffer.alloc(4));
  await reader.read(1);
  const { width, height } = displaySize;
  const text = Buffer.from(name);
  const init = Buffer.alloc(24);
  init.writeUInt16BE(width, 0);
  init.writeUInt16BE(height, 2);
  formatBytes(usualFormat).copy(init, 4);
  init.writeUInt32BE(text.length, 20);
  await send(stream, Buffer.concat([init, text]));
}

/** False: the connection ends. */
async function takeMessage(stream: Duplex, reader: ByteReader, display: Display): Promise<boolean> {
  const [type = -1] = await reader.read(1);
  switch (type) {
    case fromClient.setPixelFormat: {
      const format = readFormat((await reader.read(19)).subarray(3));
      if (format === undefined) return false;
      display.format = format;
      return true;
    }
    case fromClient.setEncodings:
      await reader.read((await reader.read(3)).readUInt16BE(1) * 4);
      return true;
    case fromClient.updateRequest: {
      const isIncremental = (await reader.read(9))[0] !== 0;
      display.isAwaited = true;
      if (!isIncremental || display.shownKeys !== display.keys) await sendPicture(stream, display);
      return true;
    }
    case fromClient.key: {
      const isDown = (await reader.read(7))[0] !== 0;
      if (isDown) display.keys += 1;
      if (isDown && display.isAwaited) await sendPicture(stream, display);
      return true;
    }
    case fromClient.pointer:
      await reader.read(5);
      return true;
    case fromClient.cutText: {
      const length = (await reader.read(7)).readUInt32BE(3);
      if (length > longestCutText) return false;
      await reader.read(length);
      return true;
    }
    default:
      return false;
  }
}

/** As one raw rectangle. */
async function sendPicture(stream: Duplex, display: Display): Promise<void> {
  const { width, height } = displaySize;
  const head = Buffer.alloc(16);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(width, 8);
  head.writeUInt16BE(height, 10);
  display.isAwaited = false;
  display.shownKeys = display.keys;
  await send(stream, Buffer.concat([head, picture(display)]));
}

function picture({ format, keys }: Display): Buffer {
  const { width, height } = displaySize;
  const colours = [...stripes, white].map((colour) => pixel(colour, format));
  const [blank = Buffer.alloc(0)] = colours.slice(-1);
  const size = format.bytesPerPixel;
  const bytes = Buffer.alloc(width * height * size);
  const perRow = width / block;
  const shown = keys % (perRow * (height / block));
  for (let y = 0; y < height; y += 1) {
    const stripe = colours[Math.floor((y * stripes.length) / height)] ?? blank;
    for (let x = 0; x < width; x += 1) {
      const at = Math.floor(y / block) * perRow + Math.floor(x / block);
      (at < shown ? blank : stripe).copy(bytes, (y * width + x) * size);
    }
  }
  return bytes;
}

/** Waits until the client takes it: no more than one picture is kept. */
function send(stream: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new StreamEnded());
    if (stream.destroyed) return gone();
    stream.once('close', gone);
    stream.write(bytes, (error) => {
      stream.off('close', gone);
      if (error == null) resolve();
      else gone();
    });
  });
}
