/**
 * A connection between two hosts: one line by which it is opened, one by which it is answered, then
 * bytes. Opening: `<key> <what>`, such as `3f… file disk`. Answer: `ok <epoch ms> <bytes>` (`-`
 * where their number is not known) or `no <reason>`.
 */
import type { Socket } from 'node:net';
import { ComputeError } from '#core/errors.ts';

/** What a peer accepted. */
export interface Opened {
  /** The peer's clock, in epoch milliseconds. */
  clock: number;
  bytes: number | null;
}

const longestLine = 1_024;

/** How long the other end may take for its line, and may be silent while it sends a file. */
export const lineTimeoutMs = 30_000;

export function openingLine(key: string, what: string): string {
  return `${key} ${what}\n`;
}

export function acceptingLine(now: number, bytes: number | null): string {
  return `ok ${now} ${bytes ?? '-'}\n`;
}

export function refusingLine(reason: string): string {
  return `no ${reason.replaceAll(/\s+/g, ' ').slice(0, longestLine - 8)}\n`;
}

/** undefined for a line that no peer writes. */
export function parseOpening(line: string): { key: string; what: string } | undefined {
  const [, key, what] = /^([\w-]{20,100}) (\S.{0,200})$/.exec(line) ?? [];
  return key === undefined || what === undefined ? undefined : { key, what };
}

/** Throws `unavailable` with the peer's reason. */
export function parseAnswer(line: string): Opened {
  const [, clock, bytes] = /^ok (\d{1,15}) (\d{1,16}|-)$/.exec(line) ?? [];
  if (clock !== undefined) {
    return { clock: Number(clock), bytes: bytes === '-' ? null : Number(bytes) };
  }
  const reason = line.startsWith('no ') ? line.slice(3) : 'its answer cannot be read';
  throw new ComputeError('unavailable', `the other host refuses: ${reason}`);
}

/**
 * The first line of a connection, which is then paused. Throws `unavailable` when it ends, is
 * silent or sends no line.
 */
export function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const end = (error: Error | undefined, line = ''): void => {
      clearTimeout(timer);
      socket.off('readable', onReadable);
      socket.off('end', onEnd);
      socket.off('error', onError);
      if (error === undefined) resolve(line);
      else reject(error);
    };
    const failed = (why: string): void =>
      end(new ComputeError('unavailable', `the connection to the other host ${why}`));
    const onError = (error: Error): void => failed(`failed: ${error.message}`);
    const onEnd = (): void => failed('was closed');
    const onReadable = (): void => {
      for (;;) {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) return;
        read = Buffer.concat([read, chunk]);
        const at = read.indexOf(10);
        if (at < 0 && read.length > longestLine) return failed('sends no line');
        if (at < 0) continue;
        const rest = read.subarray(at + 1);
        end(undefined, read.toString('utf8', 0, at));
        if (rest.length > 0) socket.unshift(rest);
        return;
      }
    };
    const timer = setTimeout(() => failed('is silent'), lineTimeoutMs);
    socket.on('readable', onReadable);
    socket.once('end', onEnd);
    socket.once('error', onError);
  });
}
