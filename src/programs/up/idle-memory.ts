/**
 * Returns memory to the system when the process is idle. V8's space for new objects grows to 64 MiB
 * under load and at the start, and V8 shrinks it only in a collection that is to save memory.
 */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const everyMs = 1_000;
/** A second with less processor time is quiet. Milliseconds. */
const quietCpuMs = 150;
/** So many in a row, so that no burst is interrupted. */
const quietSeconds = 2;
/** Less unused memory in V8's heap than this is not worth the pause. */
const worthwhileBytes = 24 * 1024 ** 2;
/** A heap with more than this in use is left alone: the pause grows with it, 1 ms for 1 MiB. */
const largeBytes = 128 * 1024 ** 2;

/** After so many collections that returned little, what is left unused counts no more. */
const mostInVain = 2;

/** What is read each second, and how memory is returned. */
export interface Process {
  /** Since its start, in milliseconds. */
  cpuMs: () => number;
  /** V8's heap: what it has of the system, and what of it holds objects in use. Bytes. */
  heap: () => { heapTotal: number; heapUsed: number };
  collect: () => void;
}

/** Checks each second until `stop`. */
export function returnIdleMemory(of: Process = thisProcess()): {
  check: () => void;
  stop: () => void;
} {
  let before = of.cpuMs();
  let quiet = 0;
  /** Unused after the last collection: the next ones would not return it either. */
  let left = 0;
  let inVain = 0;
  const check = (): void => {
    const now = of.cpuMs();
    quiet = now - before < quietCpuMs ? quiet + 1 : 0;
    before = now;
    if (quiet < quietSeconds) return;
    const { heapTotal, heapUsed } = of.heap();
    const unused = heapTotal - heapUsed;
    left = Math.min(left, unused);
    const returnable = inVain < mostInVain ? unused : unused - left;
    if (heapUsed > largeBytes || returnable < worthwhileBytes) return;
    of.collect();
    const after = of.heap();
    left = after.heapTotal - after.heapUsed;
    inVain = unused - left < worthwhileBytes ? inVain + 1 : 0;
    // The collection itself makes no second busy.
    before = of.cpuMs();
    quiet = 0;
  };
  const timer = setInterval(check, everyMs).unref();
  return { check, stop: () => clearInterval(timer) };
}

/** The process that runs this. */
export function thisProcess(): Process {
  const collect = memorySaver();
  const inUse = heapInUse();
  return {
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    heap: inUse.heap,
    collect: () => {
      collect();
      inUse.collected();
    },
  };
}

/** Source: Node `perf_hooks`, garbage collection details. */
interface GcEntry {
  detail?: { kind?: number };
}

/**
 * What V8 found in use in its last full collection, or less. What came since is mostly garbage: V8
 * collects again before the heap has doubled a few times, so the next pause is of that order.
 */
function heapInUse(): { heap: Process['heap']; collected: () => void } {
  let found = Infinity;
  const collected = (): void => {
    found = process.memoryUsage().heapUsed;
  };
  const isFull = (entry: object): boolean =>
    (entry as GcEntry).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
  new PerformanceObserver((list) => {
    if (list.getEntries().some(isFull)) collected();
  }).observe({ entryTypes: ['gc'] });
  const heap = () => {
    const { heapTotal, heapUsed } = process.memoryUsage();
    return { heapTotal, heapUsed: Math.min(heapUsed, found) };
  };
  return { heap, collected };
}

/**
 * V8's own function `gc`, in its form that shrinks the heap. Node offers it with `--expose-gc`
 * only, to contexts made after that option is set.
 */
function memorySaver(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (how: { type: 'major'; flavor: 'last-resort' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'major', flavor: 'last-resort' });
}
