/**
 * The uptime of a simulated host: that of the process that simulates it, with the load of its
 * machine.
 */
import { loadavg } from 'node:os';
import type { Uptime } from '#contracts/host/host-link.ts';

/**
 * `at`: local time; `seconds`: since the start. Example: ` 08:32:11 up 1 day, 2:05, 0 users, load
 * average: 0.20, 0.12, 0.14`.
 */
export function uptimeLine(at: Date, seconds: number, load: readonly number[]): Uptime {
  const minutes = Math.floor(seconds / 60);
  const days = Math.floor(minutes / 1_440);
  const hours = Math.floor(minutes / 60) % 24;
  const clock = `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, '0')}`;
  const ofDay = hours === 0 ? `${minutes % 60} min` : clock;
  const up = days === 0 ? ofDay : `${days} ${days === 1 ? 'day' : 'days'}, ${ofDay}`;
  const figures = load.map((figure) => figure.toFixed(2)).join(', ');
  return ` ${at.toTimeString().slice(0, 8)} up ${up},  0 users,  load average: ${figures}`;
}

export async function simulatedUptime(): Promise<Uptime> {
  return uptimeLine(new Date(), process.uptime(), loadavg());
}
