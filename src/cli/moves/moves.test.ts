/** `novella moves` as an operator sees it, once and until nothing moves. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { MoveView } from '#client/shapes/moves.ts';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';
import { movesLines } from './moves-text.ts';

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
});
afterEach(() => vi.useRealTimers());
afterAll(() => cloud.stop());

const mib = 1024 ** 2;
const none = { total: 0, processed: 0, remaining: 0 };
const bytes = (processed: number, total: number) => ({
  total,
  processed,
  remaining: total - processed,
});

const aMove = (change: Partial<MoveView> = {}): MoveView => ({
  id: 'm1',
  number: 1,
  server_id: 's1',
  server_name: 'web',
  type: 'live-migration',
  status: 'migrating',
  source: 'hv1',
  target: 'hv2',
  step: 'source-left',
  progress: { memory: bytes(100 * mib, 200 * mib), disk: bytes(20 * mib, 40 * mib) },
  started_at: '2026-11-30T12:00:00Z',
  updated_at: '2026-11-30T12:00:05Z',
  ...change,
});

const answer = (...moves: MoveView[]) => ({ body: { moves } });

test('moves are listed with their step, and with what has been copied', async () => {
  const cold = { type: 'migration', step: 'prefetched', server_name: 'db' } as const;
  cloud.answer(
    'GET /novella/v1/moves',
    answer(
      aMove(),
      aMove({ ...cold, progress: { memory: none, disk: bytes(0, 1536) } }),
      // 100 MiB of its memory needed 20 MiB.
      aMove({
        server_name: 'small',
        progress: {
          memory: { total: 200 * mib, processed: 20 * mib, remaining: 100 * mib },
          disk: none,
        },
      }),
      // libvirt has prepared the new host, and does not count yet.
      aMove({ server_name: 'new', progress: { memory: none, disk: none } }),
      aMove({ type: 'unshelve', source: null, step: 'target-started', progress: null }),
      aMove({ type: 'resize', status: 'finished', step: null, progress: null }),
    ),
  );
  expect((await typed(cloud, 'moves')).text.split('\n')).toEqual([
    'SERVER  WAY       FROM  TO   STEP                   COPIED',
    'web     live      hv1   hv2  send guest             50 % of 240.0 MiB',
    'db      cold      hv1   hv2  fetch files            0 % of 1.5 KiB',
    'small   live      hv1   hv2  send guest             50 % of 200.0 MiB',
    'new     live      hv1   hv2  send guest             -',
    'web     unshelve  -     hv2  start on new host      -',
    'web     resize    hv1   hv2  wait for confirmation  -',
    '',
  ]);
  const { text } = await typed(cloud, 'moves --json');
  expect(JSON.parse(text).moves).toHaveLength(6);
});

test('nothing moves', async () => {
  cloud.answer('GET /novella/v1/moves', answer());
  expect((await typed(cloud, 'moves')).text).toBe('No server is moving.\n');
  expect((await typed(cloud, 'moves --watch')).text).toBe('No server is moving.\n');
});

test('all moves of one server are listed by its name', async () => {
  cloud.answer('GET /v2.1/servers?all_tenants=True&name=%5Eweb%24', {
    body: { servers: [{ id: 's1', name: 'web' }] },
  });
  cloud.answer(
    'GET /novella/v1/moves?server=s1',
    answer(aMove({ status: 'cancelled', step: null, progress: null })),
  );
  expect((await typed(cloud, 'moves web')).text).toMatch(/\nweb +live +hv1 +hv2 +cancelled +-\n$/);
});

test('a program that watches gets a line for each change, until nothing moves', async () => {
  const moves = [
    aMove({ progress: { memory: bytes(0, 200 * mib), disk: none } }),
    aMove({ progress: { memory: bytes(0, 200 * mib), disk: none } }),
    aMove({ progress: { memory: bytes(100 * mib, 200 * mib), disk: none } }),
    aMove({ step: 'clear-source', status: 'post-migrating', progress: null }),
  ];
  cloud.answer('GET /novella/v1/moves', () => {
    const move = moves.shift();
    return answer(...(move === undefined ? [] : [move]));
  });
  const { text } = await typed(cloud, 'moves --watch');
  expect(text.split('\n')).toEqual([
    'web: live, hv1 to hv2: send guest, 0 % of 200.0 MiB',
    expect.stringMatching(
      /^web: live, hv1 to hv2: send guest, 50 % of 200\.0 MiB, \d+\.\d MiB\/s$/,
    ),
    'web: live, hv1 to hv2: clear old host',
    '',
  ]);
});

test('at a terminal there is a bar, and a rate between two moments of one step', () => {
  const at = (when: number, change: Partial<MoveView> = {}) => ({
    at: when,
    moves: [aMove(change)],
  });
  const early = { progress: { memory: bytes(20 * mib, 200 * mib), disk: bytes(0, 40 * mib) } };
  const style = { bold: false, bar: true };
  const last = (lines: string[]) => lines.at(-1)?.split('send guest  ')[1];
  expect(last(movesLines(at(3_000), at(1_000, early), style))).toBe(
    '█████░░░░░ 50 % of 240.0 MiB, 50.0 MiB/s',
  );
  // A copy that has begun again is no negative rate; another step is another copy.
  expect(last(movesLines(at(3_000, early), at(1_000), style))).toBe('░░░░░░░░░░ 8 % of 240.0 MiB');
  const other = at(1_000, { ...early, step: 'expected' });
  expect(last(movesLines(at(3_000), other, style))).toBe('█████░░░░░ 50 % of 240.0 MiB');
});
