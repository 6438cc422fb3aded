/** What a fleet costs while nothing happens. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from '../process-tree.ts';
import { residentMib } from '../running-novella.ts';
import { rounded } from '../statistics.ts';
import type { FleetCluster } from './cluster.ts';
import type { Counts, WatchedDatabase } from './database.ts';

/** Tables that were written, for the report. */
const mostTables = 5;

export interface Idle {
  /** Transactions that wrote something, without the controllers' signs of life; these. */
  writes_per_s: number;
  beats_per_s: number;
  /** With those that only read. */
  transactions_per_s: number;
  /** Rows written, in all. */
  rows: Record<string, number>;
  /** Of all controllers together. */
  controller_cores: number;
  controller_mib: number[];
  connections: number;
}

export async function measureIdle(
  cluster: FleetCluster,
  database: WatchedDatabase,
  seconds: number,
): Promise<Idle> {
  const pids = [...cluster.controllers.values()].map(({ pid }) => pid);
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = { counts: await database.counts(), cpu: cpu() };
  await pause(seconds * 1_000);
  const after = { counts: await database.counts(), cpu: cpu() };
  return {
    ...ratesBetween(before.counts, after.counts),
    controller_cores: rounded(
      (after.cpu - before.cpu) / secondsBetween(before.counts, after.counts),
    ),
    controller_mib: pids.map((pid) => Math.round(residentMib(pid))),
    connections: await database.connections(),
  };
}

function secondsBetween(before: Counts, after: Counts): number {
  return (after.at - before.at) / 1_000;
}

/** Exported for its test. */
export function ratesBetween(
  before: Counts,
  after: Counts,
): Pick<Idle, 'writes_per_s' | 'beats_per_s' | 'transactions_per_s' | 'rows'> {
  const seconds = secondsBetween(before, after);
  const perSecond = (count: number): number => rounded(count / seconds, 2);
  const beats = after.beats - before.beats;
  const rows = [...after.rows]
    .map(([table, written]): [string, number] => [table, written - (before.rows.get(table) ?? 0)])
    .filter(([, written]) => written > 0)
    .toSorted(([, one], [, other]) => other - one);
  return {
    writes_per_s: perSecond(after.writing - before.writing - beats),
    beats_per_s: perSecond(beats),
    transactions_per_s: perSecond(after.transactions - before.transactions),
    rows: Object.fromEntries(rows.slice(0, mostTables)),
  };
}
