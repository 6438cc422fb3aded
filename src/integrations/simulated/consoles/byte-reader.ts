/** Reads a stream in pieces of known length. */
import type { Readable } from 'node:stream';

/** Thrown by `read` when the stream ends first. */
export class StreamEnded extends Error {}

/** At most one `read` at a time. */
export class ByteReader {
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  /** Exactly so many bytes, 0 included. Throws `StreamEnded`. */
  async read(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    const parts: Buffer[] = [];
    let missing = count;
    for (;;) {
      const ready = Math.min(missing, this.#stream.readableLength);
      const part = ready === 0 ? null : (this.#stream.read(ready) as Buffer | null);
      if (part !== null) {
        parts.push(part);
        missing -= part.length;
        if (missing === 0) return Buffer.concat(parts);
        continue;
      }
      if (this.#stream.readableEnded || this.#stream.destroyed) throw new StreamEnded();
      await readableOrOver(this.#stream);
    }
  }
}

function readableOrOver(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close', 'error'] as const;
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}
