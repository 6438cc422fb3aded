/** What follows from events of idle servers; the way through the API is in the scenarios. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import { ComputeError } from '#core/errors.ts';
import { aComputeWorld, aPort, type ComputeWorld, portId } from '#test/compute-world.ts';
import { workflows } from './server-operations.ts';
import { watchPorts } from './watch-ports.ts';

let world: ComputeWorld;
let serverId: string;
let asked: string[];

const mine = () => aPort(portId, { deviceId: serverId, macAddress: 'fa:16:3e:00:00:01' });
const moved = [{ subnetId: 's1', ipAddress: '10.20.0.77' }];

beforeEach(async () => {
  world = await aComputeWorld();
  await idleServer({});
  asked = [];
  const { network } = world.context;
  const real = { ...network };
  network.listServerPorts = (id) => {
    asked.push('ports');
    return real.listServerPorts(id);
  };
  network.listPorts = (ids) => {
    asked.push('port');
    return real.listPorts(ids);
  };
});
afterEach(() => world.stop());

async function idleServer(change: Parameters<ComputeWorld['activeServer']>[0]): Promise<void> {
  const { id } = await world.activeServer(change);
  serverId = id;
  const task = (await world.store.tasks.of(serverId))!;
  await world.store.commit({ task, next: null });
  world.ports.set(portId, { ...mine(), fixedIps: [{ subnetId: 's1', ipAddress: '10.20.0.5' }] });
}

const notify = (kind: NetworkEventKind, port = portId) =>
  world.store.networkEvents.record(
    { serverId, kind, portId: port },
    { wakes: 'wait-for-plug', now: world.time.now },
  );

/** One look at all idle servers. */
async function look({ mayHaveMissed = false } = {}): Promise<void> {
  await watchPorts(world.context, { pollMs: 60_000, mayHaveMissed }).stop();
}

/** Runs the step of the workflow that was begun, if one was; its kind. */
async function act(): Promise<string | undefined> {
  const task = await world.store.tasks.of(serverId);
  if (task === undefined) return undefined;
  const outcome = await workflows[task.kind].steps[task.step]!.run(world.context, task, {
    read: undefined,
  });
  await world.store.commit({ task, ...outcome });
  return task.kind;
}

const left = async () => (await world.store.networkEvents.of(serverId)).map(({ kind }) => kind);
const addresses = async () => (await world.store.servers.get(serverId))?.nics[0]?.vif?.fixedIps;

test('a changed address is followed with one look', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  await notify('changed');
  await look();
  expect(await act()).toBe('follow-ports');
  expect([await addresses(), await left(), asked]).toEqual([moved, [], ['ports']]);
});

test('an event of a port that has not changed costs a look and nothing else', async () => {
  await notify('changed');
  await look();
  expect([await act(), await left(), asked]).toEqual([undefined, [], ['ports']]);
});

test('an event of a port that is no NIC of the server costs no look', async () => {
  await notify('deleted', 'other');
  await look();
  expect([await act(), await left(), asked]).toEqual([undefined, [], []]);
});

test('a port that is gone is taken off; the event stays until there is nothing more to do', async () => {
  world.ports.clear();
  await notify('deleted');
  await look();
  expect([await act(), asked]).toEqual(['detach', ['ports', 'port']]);
  expect(await left()).toEqual(['deleted']);
});

test('a port that is there, under another name, is left alone', async () => {
  world.ports.set(portId, aPort(portId, { deviceId: 'another' }));
  await notify('deleted');
  await look();
  expect([await act(), await left()]).toEqual([undefined, []]);
});

test('a NIC that another workflow changed after the look is looked at again', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  await notify('changed');
  await look();
  const task = (await world.store.tasks.of(serverId))!;
  const { nics } = (await world.store.servers.get(serverId))!;
  const vif = { ...nics[0]!.vif!, macAddress: 'fa:16:3e:00:00:99' };
  await world.store.commit({
    task,
    next: { step: task.step, data: task.data, dueAt: 0 },
    nics: [{ ...nics[0]!, vif }],
  });
  await act();
  expect(await left()).toEqual(['changed']);
  await look();
  await act();
  expect([await addresses(), await left()]).toEqual([moved, []]);
});

test('while the server is in a state that lets no NIC go, the event waits, and nobody is asked', async () => {
  world.ports.clear();
  await world.store.servers.update(serverId, { vmState: 'suspended' });
  await notify('deleted');
  await look();
  expect([await act(), await left(), asked]).toEqual([undefined, ['deleted'], []]);
  await world.store.servers.update(serverId, { vmState: 'active' });
  await look();
  expect(await act()).toBe('detach');
});

test('a network service that does not answer keeps the event', async () => {
  const { network } = world.context;
  network.listServerPorts = () => Promise.reject(new ComputeError('unavailable', 'away'));
  await notify('changed');
  await look();
  expect([await act(), await left()]).toEqual([undefined, ['changed']]);
});

test('what was missed is found by a look at every server', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  await look({ mayHaveMissed: true });
  expect(await act()).toBe('follow-ports');
  expect([await addresses(), await left(), asked]).toEqual([moved, [], ['ports']]);
});

test('to who lost the right to see them no port is gone, unless its deletion was reported', async () => {
  world.ports.clear();
  const refuse = () => Promise.reject(new ComputeError('forbidden', 'the role admin is missing'));
  world.context.network.showNetwork = refuse;
  await look({ mayHaveMissed: true });
  expect([await act(), await left(), asked]).toEqual([undefined, [], ['ports', 'port']]);
  await notify('deleted');
  await look();
  expect(await act()).toBe('detach');
});

test('a port that went unheard is gone where its network is still shown', async () => {
  world.ports.clear();
  await look({ mayHaveMissed: true });
  expect(await act()).toBe('detach');
});

test('of a server without a host nothing is kept', async () => {
  await world.store.servers.update(serverId, { hostId: null });
  await notify('changed');
  await look();
  expect([await left(), asked]).toEqual([[], []]);
});
