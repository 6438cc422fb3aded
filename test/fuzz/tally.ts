/** The requests that were tried and how they ended, per route, and the costliest requests. */
import type { Outcome } from './play.ts';
import type { FuzzRoute } from './routes.ts';

export interface Tally {
  add(outcome: Outcome): void;
  tried(): number;
  /** How often each kind of status came: `2xx` to `5xx`, and 501 by itself. */
  statuses(): Record<string, number>;
  unvisited(routes: readonly FuzzRoute[]): string[];
  /** One line for each answer that is wrong. */
  problems(): string[];
  /** One line for each route: the answers and their counts. */
  table(): string[];
  /** The requests that took most processor time, including all that ran beside them. */
  worst(count: number): string[];
  /** The same, of those that took more milliseconds. */
  costlierThan(ms: number): string[];
}

export const nameOf = ({ service, method, path }: FuzzRoute) => `${service} ${method} ${path}`;

export function newTally(): Tally {
  const byRoute = new Map<string, Map<number, number>>();
  const wrong: string[] = [];
  let costly: Outcome[] = [];
  const all = () => [...byRoute.values()].flatMap((counts) => [...counts]);
  return {
    add(outcome) {
      const { route, answer, problem } = outcome;
      const counts = byRoute.get(nameOf(route)) ?? new Map<number, number>();
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      byRoute.set(nameOf(route), counts);
      if (problem !== undefined)
        wrong.push(`${lineOf(outcome)}: ${problem}: ${answer.body.slice(0, 300)}`);
      costly = [...costly, outcome].sort((one, other) => other.cpuMs - one.cpuMs).slice(0, 10);
    },
    tried: () => all().reduce((sum, [, count]) => sum + count, 0),
    statuses() {
      const sums: Record<string, number> = {};
      for (const [status, count] of all()) {
        const kind = status === 501 ? '501' : `${Math.floor(status / 100)}xx`;
        sums[kind] = (sums[kind] ?? 0) + count;
      }
      return sums;
    },
    unvisited: (routes) => routes.map(nameOf).filter((name) => !byRoute.has(name)),
    problems: () => wrong,
    table: () =>
      [...byRoute].map(([name, counts]) => {
        const parts = [...counts].sort(([one], [other]) => one - other);
        return `${name}: ${parts.map(([status, count]) => `${status} × ${count}`).join(', ')}`;
      }),
    costlierThan: (ms) => costly.filter(({ cpuMs }) => cpuMs > ms).map(costLine),
    worst: (count) => costly.slice(0, count).map(costLine),
  };
}

function costLine(outcome: Outcome): string {
  return `${outcome.cpuMs.toFixed(0)} ms  ${lineOf(outcome)}`;
}

function lineOf({ sent, url, answer }: Outcome): string {
  const body = JSON.stringify(sent.text ?? sent.body) ?? '';
  const path = url.replace(/^https?:\/\/[^/]*/, '').slice(0, 200);
  return `${sent.caller} ${sent.method} ${path} ${body.slice(0, 300)} → ${answer.status}`;
}
