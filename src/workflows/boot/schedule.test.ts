/** Hosts that are only silent get one moment to link again before a server is refused. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost, taskOf } from '#test/worlds/store-rows.ts';
import { schedule } from './schedule.ts';
import type { StepOutcome } from '../engine/workflow.ts';

let world: ComputeWorld;
let hostId: string;
let unlink: () => void;

beforeEach(async () => {
  world = await aComputeWorld();
  hostId = await aHost(world.store, []);
  unlink = world.context.links.opened(hostId);
});
afterEach(() => world.stop());

async function aTask(data: object = {}): Promise<Task<'boot'>> {
  const { id } = await world.server();
  const task = taskOf('boot', await world.store.tasks.of(id));
  const noConstraints = { availabilityZone: null, forcedHost: null, numa: null };
  return { ...task, data: { attempt: 1, failedHosts: [], ...noConstraints, ...data } };
}
const run = (task: Task<'boot'>): Promise<StepOutcome<'boot'>> =>
  schedule(world.context, task, { read: null });
const silentFor = (ms: number): void => {
  unlink();
  world.time.now += ms;
};

test('a host that reports gets the server at once', async () => {
  const task = await aTask();
  expect(await run(task)).toMatchObject({
    next: { step: 'bind-ports' },
    host: { hostId },
    server: { hostName: 'host-1' },
  });
});

test('a host silent for a minute is waited for, once', async () => {
  silentFor(60_001);
  const task = await aTask();
  const first = await run(task);
  expect(first).toMatchObject({
    decision: { chosen: null, rejections: [{ host: 'host-1', filter: 'alive' }] },
    next: { step: 'schedule', dueAt: world.time.now + 10_000, data: { hasWaited: true } },
  });
  expect(first.server).toBeUndefined();
  const second = await run({ ...task, ...first.next } as Task<'boot'>);
  expect(second.next).not.toMatchObject({ step: 'schedule' });
  expect(second).toMatchObject({ decision: { chosen: null } });
});

test('a host that is back by then gets the server', async () => {
  silentFor(60_001);
  const task = await aTask({ hasWaited: true });
  world.context.links.opened(hostId);
  expect(await run(task)).toMatchObject({ next: { step: 'bind-ports' }, host: { hostId } });
});

test('a host silent for longer than a boot waits is not waited for', async () => {
  silentFor(world.context.settings.hostLostMs + 1);
  const outcome = await run(await aTask());
  expect(outcome.next).not.toMatchObject({ step: 'schedule' });
});

test('there is no wait where hosts refuse for another reason', async () => {
  const { generation } = (await world.store.hosts.get(hostId))!;
  await world.store.hosts.update({ hostId, generation, enabled: false });
  const outcome = await run(await aTask());
  expect(outcome.decision?.rejections).toMatchObject([{ host: 'host-1' }]);
  expect(outcome.next).not.toMatchObject({ step: 'schedule' });
});
