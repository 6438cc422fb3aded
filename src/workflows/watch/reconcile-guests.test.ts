/** When guests are compared with their servers, and what that reads. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostReport } from '#contracts/host/host-link.ts';
import type { GuestState } from '#core/guests/follow-guest.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { facts, taskOf } from '#test/worlds/store-rows.ts';
import { serveAgent } from './serve-agent.ts';

let world: ComputeWorld;
let listeners: Map<string, () => void>;

const report: HostReport = {
  facts,
  hostIp: '192.0.2.7',
  physicalNetworks: ['physnet1'],
  devices: [],
  guests: [],
};

beforeEach(async () => {
  world = await aComputeWorld();
  listeners = new Map();
  world.context.wakeup = {
    notify: (topic) => listeners.get(topic)?.(),
    listen: (topic, listener) => {
      listeners.set(topic, listener);
      return () => void listeners.delete(topic);
    },
  };
});
afterEach(() => world.stop());

/** A server whose workflow has given its linked host a command. */
async function commanded() {
  const { store, context } = world;
  const server = await world.activeServer({ nics: [] });
  const task = taskOf('boot', await store.tasks.of(server.id));
  const hostId = server.hostId ?? '';
  const body = { do: 'destroy', guestId: server.id } as const;
  const next = { step: 'guest-removed', data: task.data, dueAt: null } as const;
  await store.commit({ task, next, command: { hostId, serverId: server.id, body } });
  const { agentEnd, controllerEnd } = inProcessLink();
  const received: string[] = [];
  agentEnd.onMessage(({ type }) => void received.push(type));
  serveAgent(context, controllerEnd);
  const guests = [{ id: server.id, name: 'instance-1', state: 'running' as const, devices: [] }];
  agentEnd.send({ type: 'hello', host: 'host-1', report: { ...report, guests } });
  await vi.waitFor(() => expect(received).toEqual(['welcome', 'command']));
  const reads = [
    vi.spyOn(store.tasks, 'of'),
    vi.spyOn(store.servers, 'get'),
    vi.spyOn(store.servers, 'standing'),
  ];
  return {
    server,
    task,
    reads: () => reads.map(({ mock }) => mock.calls.length),
    guestIs: (state: GuestState) =>
      agentEnd.send({ type: 'guest-changed', guestId: server.id, state }),
    isAnswered: async () => {
      agentEnd.send({ type: 'result', seq: 1, result: { ok: true, steps: [] } });
      await vi.waitFor(() => expect(received.at(-1)).toBe('recorded'));
    },
  };
}

test('the state of a guest that a command changes is compared once, when the workflow has ended', async () => {
  const { server, task, reads, guestIs, isAnswered } = await commanded();
  guestIs('running');
  await isAnswered();
  // No dispatcher takes the task here, so it is checked that a workflow runs.
  expect(reads()).toEqual([1, 0, 1]);
  await world.store.commit({ task, next: null });
  world.context.wakeup.notify(`ended:${server.id}`);
  await vi.waitFor(() => expect(reads()).toEqual([1, 0, 2]));
  expect(await world.store.tasks.of(server.id)).toBeUndefined();
});

test('a server follows its guest when the workflow that changed it has ended', async () => {
  const { server, task, guestIs, isAnswered } = await commanded();
  guestIs('shutOff');
  await isAnswered();
  await world.store.commit({ task, next: null });
  world.context.wakeup.notify(`ended:${server.id}`);
  await vi.waitFor(async () =>
    expect(await world.store.tasks.of(server.id)).toMatchObject({
      kind: 'follow',
      data: { state: 'shutOff' },
    }),
  );
});

test('a guest is also compared when its workflow ended before the result came', async () => {
  const { server, task, guestIs, isAnswered } = await commanded();
  guestIs('shutOff');
  await world.store.commit({ task, next: null });
  await isAnswered();
  await vi.waitFor(async () =>
    expect(await world.store.tasks.of(server.id)).toMatchObject({ kind: 'follow' }),
  );
});
