/** Reads an answer to its end, which comes in any case. */
import type { Readable } from 'node:stream';
import { TimedOut } from './http-transport.ts';

export interface AnswerLimits {
  /** How long all of it may take. */
  wholeMs: number;
  mostBytes: number;
}

/**
 * Its text. Rejects when it breaks off, takes too long (`TimedOut`) or is too long, and reads no
 * further then.
 */
export async function readWhole(
  bytes: Readable,
  { wholeMs, mostBytes }: AnswerLimits,
): Promise<string> {
  const late = new TimedOut(`it is incomplete after ${wholeMs / 1000} s`);
  const timer = setTimeout(() => bytes.destroy(late), wholeMs);
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of bytes) {
      parts.push(part as Buffer);
      size += (part as Buffer).length;
      if (size > mostBytes) throw new TooLong(`it is longer than ${mostBytes} bytes`);
    }
    return Buffer.concat(parts).toString();
  } finally {
    clearTimeout(timer);
  }
}

/** Asking again would not make it shorter. */
export class TooLong extends Error {}
