/**
 * Loaded into a measured Novella: reports what it has spent since the last query: processor time,
 * the holds of its event loop, and its SQL statements.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { DatabaseSync, StatementSync } from 'node:sqlite';

export interface ProbeAnswer {
  /** Processor time of all threads. */
  cpuMs: number;
  /** Of the main thread. */
  mainMs: number;
  /** Time in which the event loop was not waiting, including its waits for disk and processor. */
  busyMs: number;
  /** The longest hold of the event loop, and what 99 % of its turns do not exceed. */
  longestMs: number;
  p99Ms: number;
  /** Executed by SQLite, `begin` and `commit` among them. */
  statements: number;
}

const resolutionMs = 1;
const loop = monitorEventLoopDelay({ resolution: resolutionMs });
loop.enable();
let last = process.cpuUsage();
let lastMain = process.threadCpuUsage();
let lastLoop = performance.eventLoopUtilization();
let statements = 0;

count(StatementSync.prototype, ['run', 'all', 'get', 'iterate']);
count(DatabaseSync.prototype, ['exec']);

process.on('message', () => {
  // A hold counts once the loop's own timer has run after it.
  setTimeout(answer, 5 * resolutionMs);
});
process.channel?.unref();

function answer(): void {
  const { user, system } = process.cpuUsage(last);
  const main = process.threadCpuUsage(lastMain);
  const found: ProbeAnswer = {
    cpuMs: (user + system) / 1_000,
    mainMs: (main.user + main.system) / 1_000,
    busyMs: performance.eventLoopUtilization(lastLoop).active,
    longestMs: loop.max / 1e6,
    p99Ms: loop.percentile(99) / 1e6,
    statements,
  };
  last = process.cpuUsage();
  lastMain = process.threadCpuUsage();
  lastLoop = performance.eventLoopUtilization();
  statements = 0;
  loop.reset();
  process.send?.(found);
}

/** Counts the calls of these methods. */
function count(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const original = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      value(this: object, ...args: unknown[]): unknown {
        statements += 1;
        return original.apply(this, args);
      },
    });
  }
}
