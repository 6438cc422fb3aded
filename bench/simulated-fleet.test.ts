import { expect, test } from 'vitest';
import { adviceOf } from './simulated-fleet/advice.ts';
import { inDatabase } from './simulated-fleet/database.ts';
import { ratesBetween } from './simulated-fleet/idle.ts';
import { sumOf } from './simulated-fleet/metric-text.ts';
import { hostNames } from './simulated-fleet/plan.ts';

test('a sum over the samples of a metric has those with the labels', () => {
  const text = [
    '# HELP a_count how many',
    'a_count{step="schedule",result="ok"} 3',
    'a_count{result="failed",step="schedule"} 1',
    'a_count{step="spawn",result="ok"} 9',
    'a_count_total 5',
  ].join('\n');
  expect(sumOf(text, 'a_count', { step: 'schedule' })).toBe(4);
  expect(sumOf(text, 'a_count', { step: 'schedule', result: 'ok' })).toBe(3);
  expect(sumOf(text, 'a_count_total')).toBe(5);
  expect(sumOf(text, 'b')).toBe(0);
});

test.each([
  ['postgresql:///postgres?host=/run', 'postgresql:///f?host=/run'],
  ['postgresql://me@/postgres?host=/run', 'postgresql://me@/f?host=/run'],
  ['postgres://me:x@db.example:5432/novella', 'postgres://me:x@db.example:5432/f'],
  ['postgresql://db.example', 'postgresql://db.example/f'],
])('%s → %s is the same server', (server, url) => {
  expect(inDatabase(server, 'f')).toBe(url);
});

test('the signs of life of the controllers are no writes of an idle fleet', () => {
  const before = { at: 0, writing: 100, beats: 10, transactions: 500, rows: new Map([['a', 1]]) };
  const rows = new Map([
    ['a', 1],
    ['b', 4],
    ['controllers', 40],
  ]);
  const after = { at: 10_000, writing: 160, beats: 50, transactions: 900, rows };
  expect(ratesBetween(before, after)).toEqual({
    writes_per_s: 2,
    beats_per_s: 4,
    transactions_per_s: 40,
    rows: { controllers: 40, b: 4 },
  });
});

test('a controller is advised as many hosts as half a processor links in 30 s', () => {
  const advice = adviceOf({
    hosts: 4_000,
    controllers: 4,
    emptyMib: 120,
    linkedMib: 220,
    linkingCpuSeconds: 20,
    idleCores: 0.2,
    connections: 44,
  });
  expect(advice).toEqual({
    kib_per_host: 102,
    cpu_ms_per_link: 5,
    hosts_per_controller: 3_000,
    memory_per_controller: 450,
    connections_per_controller: 11,
    idle_cores_per_1000_hosts: 0.05,
  });
});

test('the names of the hosts are those of the fleet', () => {
  expect(hostNames(10_000).slice(-2)).toEqual(['host-9999', 'host-10000']);
});
