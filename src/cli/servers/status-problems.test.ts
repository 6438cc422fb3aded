import { expect, test } from 'vitest';
import { aControllerStatus, aHostView } from '#test/worlds/operator-views.ts';
import type { TaskView } from '#client/shapes/status.ts';
import { type Seen, statusProblems } from './status-problems.ts';

const now = Date.parse('2026-01-02T04:04:05Z');
const anHourAgo = '2026-01-02T03:04:05Z';
const aTask = (change: Partial<TaskView> = {}): TaskView => ({
  server_id: 's1',
  kind: 'delete',
  step: 'destroy-guest',
  state: 'host',
  started_at: anHourAgo,
  due_at: null,
  ...change,
});
const withTasks = (...oldest: TaskView[]): Partial<Seen> => {
  const status = aControllerStatus();
  return { controller: { ...status, tasks: { ...status.tasks, oldest } } };
};
const withDisk = (freeBytes: number, sizeBytes = 2 * 1024 ** 3): Partial<Seen> => {
  const disk = { uses: ['images'], free_bytes: freeBytes, size_bytes: sizeBytes };
  return { controller: aControllerStatus({ disks: [disk] }) };
};
const busy = {
  ...{ id: 's1', name: 'one', status: 'BUILD', updated: anHourAgo },
  'OS-EXT-STS:task_state': 'networking',
  'OS-EXT-SRV-ATTR:host': 'host-1',
};

const rows: { name: string; seen: Partial<Seen>; problems: string[] }[] = [
  { name: 'a healthy cloud', seen: {}, problems: [] },
  { name: 'no host', seen: { hosts: [] }, problems: ['no host has reported yet'] },
  {
    name: 'a host whose token was revoked',
    seen: { hosts: [aHostView({ name: 'hv1', state: 'down', last_seen_at: null })] },
    problems: ['host hv1: down, it has no valid token, so its agent cannot connect'],
  },
  { name: 'a disk with 1 GiB', seen: withDisk(1024 ** 3), problems: [] },
  {
    name: 'a disk with less',
    seen: withDisk(1024 ** 3 - 1),
    problems: ['disk: 1.0 of 2.0 GiB free (images)'],
  },
  {
    name: 'a disk that is smaller than 1 GiB',
    seen: withDisk(12 * 1024 ** 2, 48 * 1024 ** 2),
    problems: ['disk: 12.0 of 48.0 MiB free (images)'],
  },
  {
    name: 'a task of a deleted server that waits for its host',
    seen: withTasks(aTask()),
    problems: [
      'task delete of server s1: 60 minutes, at step destroy-guest, which waits for its host',
    ],
  },
  {
    name: 'new tasks, and tasks without a requester',
    seen: withTasks(aTask({ started_at: '2026-01-02T04:00:00Z' }), aTask({ started_at: null })),
    problems: [],
  },
  {
    name: 'a busy server with its current step',
    seen: {
      servers: [busy],
      ...withTasks(aTask({ step: 'bind-ports', state: 'waiting', due_at: '2026-01-02T04:05:00Z' })),
    },
    problems: [
      'server one (s1): has been networking for 60 minutes, at step bind-ports, which is tried again at 2026-01-02T04:05:00Z',
    ],
  },
];

test.each(rows)('problems of $name', ({ seen, problems }) => {
  const well = {
    health: 'OK',
    hosts: [aHostView()],
    servers: [],
    controller: aControllerStatus(),
    now,
  };
  expect(statusProblems({ ...well, ...seen })).toEqual(problems);
});
