/** Two connections joined into one: what arrives on either is written to the other. */
import type { Duplex } from 'node:stream';

export interface JoinLimits {
  /** Without a byte in either direction. */
  idleMs: number;
  /** While one side takes none of the bytes that wait for it. */
  stalledMs: number;
}

/**
 * Joins the two until one ends; then both are closed, after what was written to the other is sent.
 * A side that is slow pauses the other: nothing is kept but the streams' own buffers. Resolves with
 * why it ended. Example: `await joinStreams(socket, guest, { idleMs: 3_600_000, stalledMs: 30_000
 * })` → `'closed'`.
 */
export function joinStreams(
  one: Duplex,
  other: Duplex,
  { idleMs, stalledMs }: JoinLimits,
): Promise<'closed' | 'idle' | 'stalled'> {
  return new Promise((resolve) => {
    let movedAt = performance.now();
    let isOver = false;
    const end = (why: 'closed' | 'idle' | 'stalled'): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      for (const side of [one, other]) {
        if (why === 'closed') closeSoon(side);
        else side.destroy();
      }
      resolve(why);
    };
    const timer = setInterval(() => {
      const stillMs = performance.now() - movedAt;
      const waits = one.writableLength + other.writableLength > 0;
      if (waits && stillMs >= stalledMs) end('stalled');
      else if (stillMs >= idleMs) end('idle');
    }, Math.min(idleMs, stalledMs) / 4);
    timer.unref();
    const moved = (): void => {
      movedAt = performance.now();
    };
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.on('data', moved);
      to.on('drain', moved);
      from.once('end', () => end('closed'));
      from.once('close', () => end('closed'));
      from.on('error', () => end('closed'));
      from.pipe(to, { end: false });
    }
    if (one.destroyed || other.destroyed) end('closed');
  });
}

/** For the last bytes to be taken. */
const longestCloseMs = 30_000;

/** A side that does not take its last bytes is closed all the same. */
function closeSoon(side: Duplex): void {
  if (side.destroyed) return;
  const timer = setTimeout(() => side.destroy(), longestCloseMs);
  timer.unref();
  side.once('close', () => clearTimeout(timer));
  side.end(() => side.destroy());
}
