/** When the step that waits for wiring polls, and what it does with the result. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { aComputeWorld, aPort, type ComputeWorld, portId } from '#test/worlds/compute-world.ts';
import { taskOf } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { becomeActive } from '../boot/guest-started.ts';
import { plugStep, plugWait, waitForPlug } from './wait-for-plug.ts';

const step = waitForPlug(becomeActive);
const run = (context: WorkflowContext, task: Task<'boot'>) =>
  step(context, task, { read: undefined });
let world: ComputeWorld;
let serverId: string;

beforeEach(async () => {
  world = await aComputeWorld();
  ({ id: serverId } = await world.activeServer({ vmState: 'building' }));
  shows({});
});
afterEach(() => world.stop());

/** What the network service returns from now on; null: no port. */
function shows(port: Parameters<typeof aPort>[1] | null): void {
  world.ports.clear();
  const bound = { deviceId: serverId, macAddress: 'fa:16:3e:00:00:01' };
  if (port !== null) world.ports.set(portId, aPort(portId, { ...bound, ...port }));
}

const notify = () =>
  world.context.store.networkEvents.record(
    { serverId, kind: 'plugged', portId },
    { wakes: plugStep, now: world.time.now },
  );

/** The task once it is due, as a dispatcher takes it; undefined: not due. */
async function taken(): Promise<Task<'boot'> | undefined> {
  const [task] = await world.store.tasks.lease('a', world.time.now, 1, { limit: 1 });
  if (task === undefined) return undefined;
  await world.store.tasks.release(task, 'a');
  return taskOf('boot', task);
}

/** Begins the wait. */
async function begin(): Promise<void> {
  const task = await taken();
  if (task === undefined) throw new Error('no boot');
  const data = { ...task.data, unwired: [portId] };
  const wait = plugWait(world.context, { ...task, data });
  await world.store.commit({ task, next: null, ...wait });
}

/** Runs the step if it is due, and returns whether it was. */
async function poll(): Promise<boolean> {
  const task = await taken();
  if (task === undefined) return false;
  expect(task.step).toBe(plugStep);
  await world.store.commit({ task, ...(await run(world.context, task)) });
  return true;
}

const vmState = async () => (await world.store.servers.get(serverId))?.vmState;

test('without an event the step polls after ten seconds, then soon, then ever more rarely', async () => {
  await begin();
  const began = world.time.now;
  const reads: number[] = [];
  for (let second = 0; second < 130; second += 1) {
    if (await poll()) reads.push((world.time.now - began) / 1000);
    world.time.now += 1_000;
  }
  expect(reads).toEqual([10, 12, 16, 24, 40, 70, 100]);
});

test('the next poll makes up for a lost event', async () => {
  await begin();
  shows({ status: 'ACTIVE' });
  expect(await poll()).toBe(false);
  world.time.now += 10_000;
  expect(await poll()).toBe(true);
  expect([await vmState(), await world.store.tasks.of(serverId)]).toEqual(['active', undefined]);
});

test('an event makes the step due at once', async () => {
  await begin();
  shows({ status: 'ACTIVE' });
  await notify();
  expect(await poll()).toBe(true);
  expect(await vmState()).toBe('active');
});

test('an event that comes before the wait begins is not lost', async () => {
  await notify();
  await begin();
  shows({ status: 'ACTIVE' });
  expect(await poll()).toBe(true);
  expect(await vmState()).toBe('active');
});

test('an event that comes during a poll causes another, and one handled by the poll does not', async () => {
  await begin();
  await notify();
  const task = await taken();
  const outcome = await run(world.context, task!);
  shows({ status: 'ACTIVE' });
  await notify();
  await world.store.commit({ task: task!, ...outcome });
  expect(await poll()).toBe(true);
  expect(await vmState()).toBe('active');
});

test('an event before the status is followed by a poll two seconds later', async () => {
  await begin();
  await notify();
  expect([await poll(), await poll()]).toEqual([true, false]);
  shows({ status: 'ACTIVE' });
  world.time.now += 2_000;
  expect(await poll()).toBe(true);
  expect(await vmState()).toBe('active');
});

test('at the time-out the step polls once more, then fails', async () => {
  await begin();
  world.time.now += world.context.settings.plugTimeoutMs + 3_600_000;
  const task = await taken();
  await expect(run(world.context, task!)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(`port ${portId} (direct, fa:16:3e:00:00:01) is still DOWN`),
  });
  shows({ status: 'ACTIVE' });
  expect(await poll()).toBe(true);
  expect(await vmState()).toBe('active');
});

test('a deleted port is a reason that no other host would change', async () => {
  await begin();
  await notify();
  shows(null);
  await expect(run(world.context, (await taken())!)).rejects.toMatchObject({ kind: 'invalid' });
});

test('a network service that does not respond is polled again until the time-out', async () => {
  await begin();
  const { network } = world.context;
  const listServerPorts = network.listServerPorts.bind(network);
  network.listServerPorts = () => Promise.reject(new ComputeError('unavailable', 'it is away'));
  world.time.now += 10_000;
  expect([await poll(), await vmState()]).toEqual([true, 'building']);
  world.time.now += world.context.settings.plugTimeoutMs;
  await expect(run(world.context, (await taken())!)).rejects.toThrow('it is away');
  network.listServerPorts = listServerPorts;
  shows({ status: 'ACTIVE' });
  expect([await poll(), await vmState()]).toEqual([true, 'active']);
});

test('changed addresses are taken over by the same poll', async () => {
  await begin();
  const changed = { serverId, kind: 'changed', portId } as const;
  const store = world.store.networkEvents;
  await store.record(changed, { wakes: plugStep, now: world.time.now });
  await notify();
  const fixedIps = [{ subnetId: 's1', ipAddress: '10.20.0.77' }];
  shows({ status: 'ACTIVE', fixedIps });
  await poll();
  expect((await world.store.servers.get(serverId))?.nics[0]?.vif?.fixedIps).toEqual(fixedIps);
  expect(await store.of(serverId)).toEqual([]);
});

test('a clock that moves back does not extend the wait beyond its full length', async () => {
  await begin();
  const { plugTimeoutMs } = world.context.settings;
  world.time.now -= 3_600_000;
  shows({});
  await notify();
  expect(await poll()).toBe(true);
  world.time.now += plugTimeoutMs;
  await expect(poll()).rejects.toThrow('is still DOWN on host host-1 after 300 s');
});
