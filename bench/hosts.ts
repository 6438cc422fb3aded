/** Many simulated hosts in one process: what their start and their idleness cost. */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { printFigure } from './figure.ts';
import { cpuSeconds } from './process-tree.ts';
import { residentMib, startNovella } from './running-novella.ts';

/** Of each host. */
const devices = { pfs: 2, vfs: 8 };
/** V8's collection of what the start left is over then: it comes 8 to 24 s after the start. */
const settleMs = 40_000;
const idleMs = 30_000;

/**
 * Prints `hosts.start_1000_ms` and `hosts.start_10000_ms` (from the start of the process to the
 * ready API, fresh state; with the processor time of it), `hosts.memory_10000_mib`, and
 * `hosts.idle_share_10000`: of one core, while nothing is requested.
 */
export async function hosts(): Promise<void> {
  await start(1_000);
  await start(10_000, async (pid) => {
    printFigure({ figure: 'hosts.memory_10000_mib', value: residentMib(pid), unit: 'MiB' });
    await delay(settleMs);
    const before = cpuSeconds(pid);
    await delay(idleMs);
    const value = (cpuSeconds(pid) - before) / (idleMs / 1_000);
    printFigure({ figure: 'hosts.idle_share_10000', value, unit: 'core', load: load() });
  });
}

async function start(count: number, act?: (pid: number) => Promise<void>): Promise<void> {
  const novella = await startNovella({ hosts: count, ...devices });
  try {
    printFigure({
      figure: `hosts.start_${count}_ms`,
      value: novella.readyMs,
      unit: 'ms',
      processor_s: cpuSeconds(novella.pid),
      load: load(),
      ...devices,
    });
    await act?.(novella.pid);
  } finally {
    await novella.stop();
  }
}

/** Of the machine, in the last minute. */
function load(): number {
  return Math.round(loadavg()[0] ?? 0);
}
