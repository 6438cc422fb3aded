/** What follows from events of idle servers; the way through the API is in the scenarios. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandResult } from '#contracts/host/host-link.ts';
import type { Task } from '#contracts/store/store.ts';
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import { ComputeError } from '#core/errors.ts';
import { aComputeWorld, aPort, type ComputeWorld, portId } from '#test/worlds/compute-world.ts';
import { aNic, taskOf } from '#test/worlds/store-rows.ts';
import { hostSilentMessage } from '../engine/end-silent-commands.ts';
import type { WorkflowContext } from '../engine/context.ts';
import type { Workflow } from '../engine/workflow.ts';
import { workflows } from '../server-operations.ts';
import { watchPorts } from './watch-ports.ts';

let world: ComputeWorld;
let serverId: string;
let requests: string[];

const mine = () => aPort(portId, { deviceId: serverId, macAddress: 'fa:16:3e:00:00:01' });
const moved = [{ subnetId: 's1', ipAddress: '10.20.0.77' }];

beforeEach(async () => {
  world = await aComputeWorld();
  await idleServer({});
  requests = [];
  const { network } = world.context;
  const real = { ...network };
  network.listServerPorts = (id) => {
    requests.push('ports');
    return real.listServerPorts(id);
  };
  network.listPorts = (ids) => {
    requests.push('port');
    return real.listPorts(ids);
  };
});
afterEach(() => world.stop());

async function idleServer(change: Parameters<ComputeWorld['activeServer']>[0]): Promise<void> {
  const { id } = await world.activeServer(change);
  serverId = id;
  const task = taskOf('boot', await world.store.tasks.of(serverId));
  await world.store.commit({ task, next: null });
  world.ports.set(portId, { ...mine(), fixedIps: [{ subnetId: 's1', ipAddress: '10.20.0.5' }] });
}

const notify = (kind: NetworkEventKind, port = portId) =>
  world.store.networkEvents.record(
    { serverId, kind, portId: port },
    { wakes: 'wait-for-plug', now: world.time.now },
  );

/** One poll of all idle servers. */
async function poll({ mayHaveMissed = false } = {}): Promise<void> {
  await watchPorts(world.context, { pollMs: 60_000, mayHaveMissed }).stop();
}

async function runStep<Kind extends 'detach' | 'follow-ports'>(task: Task<Kind>): Promise<void> {
  const workflow: Workflow<Kind> = workflows[task.kind];
  const step = workflow.steps[task.step];
  await world.store.commit({ task, ...(await step.run(world.context, task, { read: undefined })) });
}

/** Runs the step of the workflow that was begun, if one was; its kind. */
async function act(): Promise<string | undefined> {
  const task = await world.store.tasks.of(serverId);
  if (task === undefined) return undefined;
  if (task.kind === 'detach') await runStep(taskOf('detach', task));
  else await runStep(taskOf('follow-ports', task));
  return task.kind;
}

const left = async () => (await world.store.networkEvents.of(serverId)).map(({ kind }) => kind);
const addresses = async () => (await world.store.servers.get(serverId))?.nics[0]?.vif?.fixedIps;

test('a changed address is followed with one poll', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  await notify('changed');
  await poll();
  expect(await act()).toBe('follow-ports');
  expect([await addresses(), await left(), requests]).toEqual([moved, [], ['ports']]);
});

test('a floating IP is followed when it comes, and when it goes', async () => {
  const { network } = world.context;
  const [{ ipAddress, subnetId } = { ipAddress: '', subnetId: '' }] = (await addresses()) ?? [];
  for (const floatingIps of [['198.51.100.7'], []]) {
    network.listFloatingIps = async ([port = '']) =>
      floatingIps.map((address) => ({ portId: port, fixedIp: ipAddress, address }));
    await notify('changed', '');
    await poll();
    expect(await act()).toBe('follow-ports');
    const shown = { subnetId, ipAddress, ...(floatingIps.length > 0 && { floatingIps }) };
    expect(await addresses()).toEqual([shown]);
  }
});

test('an event of a port that has not changed costs a poll and nothing else', async () => {
  await notify('changed');
  await poll();
  expect([await act(), await left(), requests]).toEqual([undefined, [], ['ports']]);
});

test('an event of a port that is not a NIC of the server costs no poll', async () => {
  await notify('deleted', 'other');
  await poll();
  expect([await act(), await left(), requests]).toEqual([undefined, [], []]);
});

test('the NIC of a deleted port is removed; the event stays until nothing is left to do', async () => {
  world.ports.clear();
  await notify('deleted');
  await poll();
  expect([await act(), requests]).toEqual(['detach', ['ports', 'port']]);
  expect(await left()).toEqual(['deleted']);
});

/** A server whose workflow has not ended, with a NIC of another port. */
async function busyServer(): Promise<() => Promise<void>> {
  const { id } = await world.activeServer({ nics: [aNic({ portId: 'p-2' })] });
  serverId = id;
  return async () => {
    const task = taskOf('boot', await world.store.tasks.of(id));
    await world.store.commit({ task, next: null });
  };
}

test('events of a server with a workflow are handled when that ends', async () => {
  const end = await busyServer();
  await notify('plugged', 'p-1');
  await notify('changed', 'p-1');
  const listeners = new Map<string, () => void>();
  const listen = (topic: string, listener: () => void) => {
    listeners.set(topic, listener);
    return () => listeners.delete(topic);
  };
  const context = { ...world.context, wakeup: { notify: () => undefined, listen } };
  const watched = watchPorts(context, { pollMs: 60_000, mayHaveMissed: false });
  const topic = `ended:${serverId}`;
  try {
    await expect.poll(() => listeners.has(topic)).toBe(true);
    expect(await left()).toEqual(['plugged', 'changed']);
    await end();
    listeners.get(topic)?.();
    await expect.poll(left).toEqual([]);
  } finally {
    await watched.stop();
  }
  expect([listeners.size, requests]).toEqual([0, []]);
});

test('a port that was plugged during a workflow costs no poll after it', async () => {
  const end = await busyServer();
  await notify('plugged', 'p-2');
  await end();
  await poll();
  expect([await act(), await left(), requests]).toEqual([undefined, [], []]);
});

test('a port that exists under another name is left alone', async () => {
  world.ports.set(portId, aPort(portId, { deviceId: 'another' }));
  await notify('deleted');
  await poll();
  expect([await act(), await left()]).toEqual([undefined, []]);
});

test('a NIC that another workflow changed after the poll is polled again', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  await notify('changed');
  await poll();
  const task = taskOf('follow-ports', await world.store.tasks.of(serverId));
  const { nics } = (await world.store.servers.get(serverId))!;
  const vif = { ...nics[0]!.vif!, macAddress: 'fa:16:3e:00:00:99' };
  await world.store.commit({
    task,
    next: { step: task.step, data: task.data, dueAt: 0 },
    nics: [{ ...nics[0]!, vif }],
  });
  await act();
  expect(await left()).toEqual(['changed']);
  await poll();
  await act();
  expect([await addresses(), await left()]).toEqual([moved, []]);
});

describe('a port with changed VF settings', () => {
  const settings = (spoof_check: boolean) => ({ vlan: '100', vf_settings: { spoof_check } });
  const portWith = (details: object) => ({
    ...mine(),
    fixedIps: [{ subnetId: 's1', ipAddress: '10.20.0.5' }],
    vifDetails: { ...details },
  });
  const vifDetails = async () => (await world.store.servers.get(serverId))?.nics[0]?.vif?.details;
  const command = () => world.store.commands.last(serverId, 'change-nic');
  const answer = async (result: CommandResult) => {
    const [host] = await world.store.hosts.list();
    const { seq } = (await command())!;
    await world.store.commands.complete(host!.id, seq, result, { now: world.time.now });
  };
  const actions = async () =>
    (await world.store.servers.actions(serverId))
      .filter(({ action }) => action !== 'create')
      .map(({ action, message }) => [action, message]);

  beforeEach(async () => {
    world.ports.set(portId, portWith(settings(false)));
    await notify('changed');
  });

  test('its host gets a command, and the NIC follows once the host has a result', async () => {
    await poll();
    expect(await act()).toBe('follow-ports');
    const [host] = await world.store.hosts.list();
    const [pending] = await world.store.commands.pending(host!.id);
    expect(pending?.body).toMatchObject({
      do: 'change-nic',
      nic: { portId, address: '0000:81:00.2', vf: { spoofCheck: false } },
    });
    expect([await vifDetails(), await left()]).toEqual([{ vlan: '100' }, ['changed']]);
    await answer({ ok: true, steps: [] });
    await act();
    expect([await vifDetails(), await left()]).toEqual([settings(false), []]);
    expect(await actions()).toEqual([['change_port', null]]);
  });

  const refusals = [
    { name: 'everything', steps: [], keeps: { vlan: '100' } },
    {
      name: 'the link state alone',
      steps: [{ step: 'set-vf', milliseconds: 1 }],
      keeps: { vlan: '100', vf_settings: { spoof_check: false } },
    },
  ];
  test.each(refusals)(
    'a host refuses $name: the NIC shows its VF’s settings, and the action has the reason',
    async ({ steps, keeps }) => {
      await poll();
      await act();
      await answer({ ok: false, message: 'refused', detail: '', steps });
      await act();
      expect([await vifDetails(), await left()]).toEqual([keeps, []]);
      expect(await actions()).toEqual([['change_port', 'refused']]);
    },
  );

  test('a host that stopped reporting gets the command again once it is back', async () => {
    await poll();
    await act();
    await answer({ ok: false, message: hostSilentMessage, detail: '', steps: [] });
    await act();
    expect([await vifDetails(), await left()]).toEqual([{ vlan: '100' }, ['changed']]);
    world.time.now += 600_000;
    await poll();
    expect(await act()).toBeUndefined();
    const [host] = await world.store.hosts.list();
    await world.store.hosts.seen(host!.id, world.time.now);
    await poll();
    expect(await act()).toBe('follow-ports');
  });

  test('of two ports one is changed after the other', async () => {
    const { nics } = (await world.store.servers.get(serverId))!;
    const nicOf = (slot: string) => {
      const port = `port-${slot}`;
      const vif = { ...nics[0]!.vif!, portId: port, profile: { pci_slot: slot } };
      return aNic({ id: slot, portId: port, vif });
    };
    const slots = ['0000:81:00.3', '0000:81:00.4'];
    await idleServer({ nics: slots.map(nicOf) });
    world.ports.clear();
    for (const slot of slots) {
      const id = `port-${slot}`;
      world.ports.set(id, { ...portWith(settings(false)), id });
      await notify('changed', id);
    }
    const commanded: unknown[] = [];
    for (;;) {
      await poll();
      if ((await act()) === undefined) break;
      const [host] = await world.store.hosts.list();
      const [pending] = await world.store.commands.pending(host!.id);
      commanded.push((pending!.body as unknown as { nic: { address: string } }).nic.address);
      await answer({ ok: true, steps: [] });
      await act();
    }
    expect(commanded).toEqual(slots);
    expect(await left()).toEqual([]);
  });

  test('for a stopped server no host gets a command', async () => {
    await world.store.servers.update(serverId, { vmState: 'stopped' });
    await poll();
    expect(await act()).toBe('follow-ports');
    expect([await vifDetails(), await left(), await command()]).toEqual([
      settings(false),
      [],
      undefined,
    ]);
  });
});

test('while the server’s state forbids detaching, the event waits, and no poll is made', async () => {
  world.ports.clear();
  await world.store.servers.update(serverId, { vmState: 'suspended' });
  await notify('deleted');
  await poll();
  expect([await act(), await left(), requests]).toEqual([undefined, ['deleted'], []]);
  await world.store.servers.update(serverId, { vmState: 'active' });
  await poll();
  expect(await act()).toBe('detach');
});

test('a network service that does not respond keeps the event', async () => {
  const { network } = world.context;
  network.listServerPorts = () => Promise.reject(new ComputeError('unavailable', 'away'));
  await notify('changed');
  await poll();
  expect([await act(), await left()]).toEqual([undefined, ['changed']]);
});

test('a missed event is made up for by a poll of every server', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  await poll({ mayHaveMissed: true });
  expect(await act()).toBe('follow-ports');
  expect([await addresses(), await left(), requests]).toEqual([moved, [], ['ports']]);
});

test('a controller makes up for missed events when it becomes the first', async () => {
  world.ports.set(portId, { ...mine(), fixedIps: moved });
  let isFirst = false;
  const peers = { isFirst: () => isFirst } as WorkflowContext['peers'] & object;
  const watched = watchPorts({ ...world.context, peers }, { pollMs: 5 });
  try {
    await pause(30);
    expect([await act(), requests]).toEqual([undefined, []]);
    isFirst = true;
    await vi.waitFor(async () => expect(await act()).toBe('follow-ports'));
  } finally {
    await watched.stop();
  }
  expect(await addresses()).toEqual(moved);
});

test('without its admin role no port counts as deleted, unless its deletion was reported', async () => {
  world.ports.clear();
  const refuse = () => Promise.reject(new ComputeError('forbidden', 'the role admin is missing'));
  world.context.network.showNetwork = refuse;
  await poll({ mayHaveMissed: true });
  expect([await act(), await left(), requests]).toEqual([undefined, [], ['ports', 'port']]);
  await notify('deleted');
  await poll();
  expect(await act()).toBe('detach');
});

test('a port that is missing while its network is visible is deleted', async () => {
  world.ports.clear();
  await poll({ mayHaveMissed: true });
  expect(await act()).toBe('detach');
});

test('nothing is kept for a server without a host', async () => {
  await world.store.servers.update(serverId, { hostId: null });
  await notify('changed');
  await poll();
  expect([await left(), requests]).toEqual([[], []]);
});
