/** Whether this process can execute what its API accepts. */
import type { Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { ReadyCheck } from '#http/health.ts';
import { isWritable } from '#integrations/database/engine/is-writable.ts';
import { problemOfSchema, schemaOf } from '#integrations/database/migrate.ts';
import type { DiskReserve } from '../state/disk-reserve.ts';

/** Probes of several load balancers share one check. */
const rememberMs = 1_000;

export interface Readiness {
  check: ReadyCheck;
  /** The tasks of accepted requests are executed from now on, or no longer. */
  dispatching(does: boolean): void;
}

export interface ReadinessOptions<Tables> {
  /** Absent: this process keeps nothing on a disk. */
  reserve?: Pick<DiskReserve, 'isShort'>;
  /** Whether other controllers may count this one as dead. */
  isFenced?: () => boolean;
  db: Kysely<Tables>;
  clock: Clock;
}

/** Checks dispatcher, sign of life, disk, database and its schema; cached for a second. */
export function readiness<Tables>({
  reserve,
  isFenced,
  db,
  clock,
}: ReadinessOptions<Tables>): Readiness {
  let isDispatching = false;
  let last: { at: number; problem: Promise<string | undefined> } | undefined;
  const findProblem = async (): Promise<string | undefined> => {
    if (!isDispatching) return 'dispatcher not running';
    if (isFenced?.() === true) return 'no sign of life was written';
    if (reserve?.isShort() === true) return 'disk full';
    if (!(await isWritable(db))) return 'database not writable';
    const isUsable = problemOfSchema(await schemaOf(db)) === undefined;
    return isUsable ? undefined : 'database has the schema of another version';
  };
  return {
    check() {
      const now = clock.now();
      if (last === undefined || Math.abs(now - last.at) >= rememberMs) {
        last = { at: now, problem: findProblem().catch(() => 'state directory not readable') };
      }
      return last.problem;
    },
    dispatching(does) {
      isDispatching = does;
      last = undefined;
    },
  };
}
