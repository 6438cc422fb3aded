/**
 * Processor time and memory of a program with all its processes. Source: proc(5), /proc/PID/stat
 * and /proc/PID/smaps_rollup.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel's clock; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Seconds of user and system time of this process and those below it, including ended ones. */
export function cpuSeconds(pid: number): number {
  const ticks = treeOf(pid).flatMap((one) => {
    const stat = readFileSync(`/proc/${one}/stat`, 'utf8');
    // After the name, which may contain anything, utime to cstime are the fields 12 to 15.
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 15)
      .map(Number);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}

/**
 * Memory of this process and those below it: resident, and proportional, where shared memory counts
 * once.
 */
export function memoryMib(pid: number): { resident: number; proportional: number } {
  const rollups = treeOf(pid).map((one) => readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'));
  const sum = (key: string) =>
    rollups.reduce(
      (mib, text) => mib + Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024,
      0,
    );
  return { resident: sum('Rss'), proportional: sum('Pss') };
}

function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
}
