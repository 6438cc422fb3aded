/** Forwards bytes both ways between two ends without interpreting them. */
import type { Socket } from 'node:net';

/**
 * Joins them until one closes or fails, which ends the other. Both are in `ends` as long as they
 * are open.
 */
export function relay(near: Socket, far: Socket, ends: Set<Socket>): void {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    ends.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      ends.delete(one);
      other.destroy();
    });
    one.pipe(other);
  }
}
