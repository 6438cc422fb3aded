/** How often something can be done in a second. */
import { median } from './statistics.ts';

const warmUpMs = 300;
const roundMs = 500;
const rounds = 5;

/**
 * Runs `work` repeatedly; each run does `units` of something. Returns units per second of processor
 * time, which other work of the machine hardly changes: the median of the rounds.
 */
export function unitsPerSecond(units: number, work: () => void): number {
  runFor(warmUpMs, work);
  const rates = Array.from({ length: rounds }, () => {
    const { runs, cpuMs } = runFor(roundMs, work);
    return (runs * units * 1000) / cpuMs;
  });
  return median(rates);
}

function runFor(ms: number, work: () => void): { runs: number; cpuMs: number } {
  const before = process.threadCpuUsage();
  let runs = 0;
  let cpuMs = 0;
  while (cpuMs < ms) {
    work();
    runs += 1;
    const { user, system } = process.threadCpuUsage(before);
    cpuMs = (user + system) / 1_000;
  }
  return { runs, cpuMs };
}
