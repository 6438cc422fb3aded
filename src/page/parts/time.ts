/** Moments as the page shows them, in the time zone of the browser. */

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** Example: `12:03:04`. `at`: epoch milliseconds, or a moment of the API. */
export function clockTime(at: number | string): string {
  return clock.format(new Date(at));
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** Example: `30 Nov 2026, 18:44:05`. */
export function dayTime(at: number | string): string {
  return `${day.format(new Date(at))}, ${clockTime(at)}`;
}

/** Epoch milliseconds of a moment of the API; without a zone it is UTC. */
export function epochMs(at: string): number {
  return Date.parse(/Z|[+-]\d\d:\d\d$/.test(at) ? at : `${at}Z`);
}

/** Example: 0.28 → `0.28 ms`, 48 → `48 ms`, 1250 → `1.25 s`, 125000 → `2 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(2))} s`;
  const seconds = Math.round(ms / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
