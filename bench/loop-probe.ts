/**
 * Loaded into a measured Novella: says how much processor time it used since the last question, and
 * the longest that its event loop was held.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface ProbeAnswer {
  cpuMs: number;
  longestMs: number;
}

const resolutionMs = 1;
const loop = monitorEventLoopDelay({ resolution: resolutionMs });
loop.enable();
let last = process.cpuUsage();

process.on('message', () => {
  // A hold counts once the loop's own timer has had its turn after it.
  setTimeout(answer, 5 * resolutionMs);
});
process.channel?.unref();

function answer(): void {
  const { user, system } = process.cpuUsage(last);
  const found: ProbeAnswer = { cpuMs: (user + system) / 1_000, longestMs: loop.max / 1e6 };
  last = process.cpuUsage();
  loop.reset();
  process.send?.(found);
}
