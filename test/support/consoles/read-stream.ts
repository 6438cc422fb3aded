/** Reads of a connection to a console, with a time limit. */
import type { Readable } from 'node:stream';

const limitMs = 20_000;
const ends = ['end', 'close'];

/** Exactly so many bytes. */
export function readBytes(stream: Readable, count: number): Promise<Buffer> {
  return collect(stream, (bytes) => (bytes.length >= count ? count : undefined));
}

/** All up to this text, which is included. */
export async function readUntil(stream: Readable, text: string): Promise<string> {
  const bytes = await collect(stream, (all) => {
    const at = all.indexOf(text);
    return at === -1 ? undefined : at + Buffer.byteLength(text);
  });
  return bytes.toString('latin1');
}

/** As many bytes as `enough` returns; what came beyond stays in the stream. */
function collect(stream: Readable, enough: (bytes: Buffer) => number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      stream.off('readable', take);
      for (const event of ends) stream.off(event, over);
      act();
    };
    const over = (): void =>
      settle(() => reject(new Error(`ended after ${JSON.stringify(bytes.toString('latin1'))}`)));
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(
            new Error(`not within ${limitMs} ms: ${JSON.stringify(bytes.toString('latin1'))}`),
          ),
        ),
      limitMs,
    );
    const take = (): void => {
      // To the end: a stream without a buffer of its own reads on only when it is read again.
      for (let part = read(stream); part !== null; part = read(stream)) {
        bytes = Buffer.concat([bytes, part]);
      }
      const count = enough(bytes);
      if (count === undefined) return;
      settle(() => {
        if (bytes.length > count) stream.unshift(bytes.subarray(count));
        resolve(bytes.subarray(0, count));
      });
    };
    stream.on('readable', take);
    for (const event of ends) stream.on(event, over);
    take();
  });
}

function read(stream: Readable): Buffer | null {
  return stream.read() as Buffer | null;
}
