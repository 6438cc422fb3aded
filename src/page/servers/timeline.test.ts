import { expect, test } from 'vitest';
import type { ServerAction } from '../data/compute.ts';
import { timelineOf } from './timeline.ts';

const at = (ms: number) => new Date(1_767_323_045_100 + ms).toISOString().replace('Z', '');
const event = (name: string, from: number, to: number | null, more = {}) => ({
  event: name,
  start_time: at(from),
  finish_time: to === null ? null : at(to),
  result: to === null ? null : 'Success',
  ...more,
});
const action = (events: ServerAction['events']): ServerAction => ({
  action: 'create',
  request_id: 'req-1',
  start_time: at(0),
  updated_at: at(0),
  message: null,
  events,
});
const decision = {
  attempt: 1,
  decided_at: '2026-01-02T03:04:05Z',
  chosen: 'host-1',
  candidates: [{ host: 'host-1', weight: 0, weights: {} }],
  rejections: [{ host: 'host-2', filter: 'pci', reasons: [] }],
  devices: [],
};
const nothing = { decisions: [], steps: [], status: 'BUILD' };

test('events in order, with the decision, and the steps of the agent before its answer', () => {
  const { rows, length } = timelineOf(
    action([
      event('spawn', 40, 100, { host: 'host-1' }),
      event('schedule', 10, 20),
      event('bind_ports', 20, 40),
    ]),
    {
      decisions: [decision],
      steps: [
        { step: 'set-vf', milliseconds: 10 },
        { step: 'start', milliseconds: 20 },
      ],
      status: 'ACTIVE',
    },
  );
  expect(length).toBe(100);
  expect(rows.map(({ label, from, to, detail }) => [label, from, to, detail])).toEqual([
    ['Accept request', 0, 10, ''],
    ['Choose host, claim devices', 10, 20, '2 hosts, 1 refused; host-1 chosen'],
    ['Bind ports to the host', 20, 40, ''],
    ['Start guest on the host', 40, 100, 'host-1'],
    ['Set VF', 70, 80, ''],
    ['Start', 80, 100, ''],
    ['Server is ACTIVE', 100, 100, ''],
  ]);
});

test('steps begin when their agent has measured it, and none ends after its answer', () => {
  const stepsOf = (...steps: { step: string; milliseconds: number; after: number }[]) => {
    const spawn = event('spawn', 40, 100);
    const { rows } = timelineOf(action([spawn]), { ...nothing, steps });
    return rows.filter(({ isStep }) => isStep).map(({ from, to }) => [from, to]);
  };
  const first = { step: 'set-vf', milliseconds: 10, after: 5 };
  expect(stepsOf(first, { step: 'start', milliseconds: 20, after: 25 })).toEqual([
    [45, 55],
    [65, 85],
  ]);
  expect(stepsOf(first, { step: 'start', milliseconds: 40, after: 30 })).toEqual([
    [35, 45],
    [60, 100],
  ]);
});

test('what runs has no end, and the server is not said to be ACTIVE', () => {
  const { rows } = timelineOf(action([event('schedule', 1, 2), event('spawn', 2, null)]), {
    ...nothing,
    steps: [{ step: 'start', milliseconds: 1 }],
  });
  expect(rows.map(({ label, to }) => [label, to])).toEqual([
    ['Accept request', 1],
    ['Choose host, claim devices', 2],
    ['Start guest on the host', null],
  ]);
});

test('steps that took longer than the controller saw begin with the command', () => {
  const { rows } = timelineOf(action([event('spawn', 5, 10)]), {
    ...nothing,
    steps: [{ step: 'start', milliseconds: 8 }],
  });
  expect(rows.at(-1)).toMatchObject({ from: 5, to: 13 });
});

test('a refused boot ends in ERROR, with what an administrator reads of the cause', () => {
  const failed = event('schedule', 1, 1, { result: 'Error', details: 'No valid host was found.' });
  const { rows } = timelineOf(action([failed]), {
    ...nothing,
    decisions: [{ ...decision, chosen: null, candidates: [] }],
    status: 'ERROR',
  });
  expect(rows.slice(1)).toMatchObject([
    { isError: true, detail: 'No valid host was found.' },
    { label: 'Server is ERROR', isError: true, isEnd: true },
  ]);
});
