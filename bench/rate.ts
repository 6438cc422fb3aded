/** How often something can be done in a second. */

const warmUpMs = 300;
const roundMs = 500;
const rounds = 3;

/**
 * Runs `work` repeatedly; each run does `units` of something. Returns units per second of the best
 * round: other work of the machine only ever slows it down.
 */
export function unitsPerSecond(units: number, work: () => void): number {
  runFor(warmUpMs, work);
  const rates = Array.from({ length: rounds }, () => {
    const { runs, tookMs } = runFor(roundMs, work);
    return (runs * units * 1000) / tookMs;
  });
  return Math.max(...rates);
}

function runFor(ms: number, work: () => void): { runs: number; tookMs: number } {
  const started = performance.now();
  let runs = 0;
  let tookMs = 0;
  while (tookMs < ms) {
    work();
    runs += 1;
    tookMs = performance.now() - started;
  }
  return { runs, tookMs };
}
