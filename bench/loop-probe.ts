/**
 * Loaded into a measured Novella: reports the processor time since the last query, and the longest
 * hold of its event loop.
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
  // A hold counts once the loop's own timer has run after it.
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
