/** Reads an answer to its end, within a time limit. */
import type { Readable } from 'node:stream';
import { TimedOut } from './http-transport.ts';

export interface AnswerLimits {
  /** Time limit for the entire answer. */
  wholeMs: number;
  mostBytes: number;
}

/**
 * The text. Rejects when it breaks off, takes too long (`TimedOut`) or is too long, and then stops
 * reading.
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

/** A retry would not make it shorter. */
export class TooLong extends Error {}
