/** Whether this process can do what its API accepts. */
import { statfs } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { ReadyCheck } from '#http/health.ts';
import { isWritable } from '#integrations/database/is-writable.ts';

/** With less than this, the next commits fail. */
const leastFreeBytes = 8 * 1024 * 1024;
/** Probes of several load balancers cost one look. */
const rememberMs = 1_000;

export interface Readiness {
  check: ReadyCheck;
  /** The tasks of accepted requests are carried out from now on, or no longer. */
  dispatching(does: boolean): void;
}

export interface ReadinessOptions<Tables> {
  stateDir: string;
  db: Kysely<Tables>;
  clock: Clock;
  /** Free bytes of the file system of that folder. */
  freeBytes?: (path: string) => Promise<number>;
}

/** Looks at disk, database and dispatcher; an answer is remembered for a second. */
export function readiness<Tables>({
  stateDir,
  db,
  clock,
  freeBytes = freeBytesAt,
}: ReadinessOptions<Tables>): Readiness {
  let isDispatching = false;
  let last: { at: number; problem: Promise<string | undefined> } | undefined;
  const look = async (): Promise<string | undefined> => {
    if (!isDispatching) return 'dispatcher not running';
    if ((await freeBytes(stateDir)) < leastFreeBytes) return 'disk full';
    return (await isWritable(db)) ? undefined : 'database not writable';
  };
  return {
    check() {
      const now = clock.now();
      if (last === undefined || Math.abs(now - last.at) >= rememberMs) {
        last = { at: now, problem: look().catch(() => 'state directory not readable') };
      }
      return last.problem;
    },
    dispatching(does) {
      isDispatching = does;
      last = undefined;
    },
  };
}

async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
