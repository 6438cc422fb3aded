/**
 * Tasks whose rows this version cannot read, as after a downgrade: each ends, names both versions,
 * and releases what is known to be held.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TaskKind } from '#contracts/store/store.ts';
import type { Server } from '#core/servers/server.ts';
import { aPort, aComputeWorld, type ComputeWorld, portId } from '#test/worlds/compute-world.ts';
import { aVf } from '#test/worlds/store-rows.ts';
import { startDispatcher } from './engine/dispatcher.ts';
import { workflows } from './server-operations.ts';

let world: ComputeWorld;
let server: Server;
let commands: string[];
let stop: () => Promise<void>;

beforeEach(async () => {
  world = await aComputeWorld();
  commands = [];
  server = await world.activeServer({ vmState: 'building', taskState: 'spawning' });
  world.ports.set(portId, aPort(portId, { deviceId: server.id, bindingHost: 'host-1' }));
  world.context.network.updatePort = async (id, { deviceId = '', bindingHost }) => {
    const port = aPort(id, { deviceId, bindingHost: bindingHost ?? '' });
    world.ports.set(id, port);
    return port;
  };
  const hostId = server.hostId ?? '';
  const { generation } = (await world.store.hosts.get(hostId))!;
  const held = { status: 'allocated', serverId: server.id, requestId: 'r' } as const;
  await world.store.hosts.update({ hostId, generation, devices: [aVf('0000:81:00.1', held)] });
  world.context.links.opened(hostId);
  // As for a guest that was started there.
  const body = { do: 'spawn', guest: { id: server.id } } as never;
  await world.store.commands.issue({ hostId, serverId: server.id, body });
  stop = async () => undefined;
});
afterEach(async () => {
  await stop();
  await world.stop();
});

/** Writes what a newer version could have left. */
async function left(row: { kind: string; step: string; version?: number; data?: unknown }) {
  const { data = { from: 'the future' }, version = 9, ...named } = row;
  const values = { ...named, version, data: JSON.stringify(data) };
  await world.db
    .updateTable('tasks' as never)
    .set(values as never)
    .execute();
}

const damageServer = () =>
  world.db
    .updateTable('instances' as never)
    .set({ metadata: '{' } as never)
    .execute();

const dispatch = () =>
  startDispatcher(world.context, {
    owner: 'here',
    workflows,
    concurrency: 1,
    leaseMs: 60_000,
    pollMs: 5,
  });

/** Runs until the task has ended; the host executes its commands. */
async function untilEnded(): Promise<Server> {
  const dispatcher = dispatch();
  stop = () => dispatcher.stop();
  const hostId = server.hostId ?? '';
  await vi.waitFor(
    async () => {
      for (const { seq, body } of await world.store.commands.pending(hostId)) {
        commands.push(body.do);
        await world.store.commands.complete(
          hostId,
          seq,
          { ok: true, steps: [] },
          { now: world.time.now },
        );
      }
      expect(await world.store.tasks.of(server.id)).toBeUndefined();
    },
    { timeout: 4_000, interval: 5 },
  );
  // One that is damaged cannot be read otherwise.
  await world.store.servers.mend(server.id);
  return (await world.store.servers.get(server.id))!;
}

const sentence = (kind: string, step: string) =>
  `the task of this server (${kind}, step ${step}) was written in version 9, and this Novella reads version 1: its version is newer`;
const holders = async () =>
  (await world.store.hosts.devices(server.hostId ?? '')).map(({ serverId }) => serverId);

test('a boot is undone: guest, port and device are released, and the server is ERROR', async () => {
  await left({ kind: 'boot', step: 'wait-for-the-moon' });
  const { vmState, fault, hostId } = await untilEnded();
  expect({ vmState, hostId }).toEqual({ vmState: 'error', hostId: null });
  expect(fault?.message).toBe(sentence('boot', 'wait-for-the-moon'));
  expect(commands).toEqual(['spawn', 'destroy']);
  expect(world.ports.get(portId)).toMatchObject({ deviceId: '', bindingHost: '' });
  expect(await holders()).toEqual([null]);
  const [action] = await world.store.servers.actions(server.id);
  expect(action?.outcome).toMatchObject({ is: 'failed', kind: 'unavailable' });
});

test('a deletion starts again, and ends', async () => {
  await left({ kind: 'delete', step: 'shred-disks' });
  expect(await untilEnded()).toMatchObject({ vmState: 'deleted' });
  expect(commands).toEqual(['spawn', 'destroy']);
  expect(await holders()).toEqual([null]);
  const [action] = await world.store.servers.actions(server.id);
  expect(action).toMatchObject({
    message: sentence('delete', 'shred-disks'),
    outcome: { is: 'ok' },
  });
});

test.each([
  { step: 'delete-late-ports', held: null, outcome: { is: 'ok' } },
  { step: 'host-returned', held: 'released', outcome: { is: 'ok' } },
  { step: 'a-step-of-later', held: 'kept', outcome: { is: 'failed' } },
])('a deletion whose server is deleted releases nothing twice: $step', async (each) => {
  const { hostId } = server;
  const { generation } = (await world.store.hosts.get(hostId ?? ''))!;
  await world.store.hosts.update({ hostId: hostId ?? '', generation, vcpusUsed: 3 });
  await left({ kind: 'delete', step: each.step });
  await world.db
    .updateTable('instances' as never)
    .set({ deleted_at: 5 } as never)
    .execute();
  await untilEnded();
  const { vcpusUsed } = (await world.store.hosts.get(hostId ?? ''))!;
  expect(vcpusUsed).toBe(each.held === 'released' ? 3 - server.flavor.vcpus : 3);
  const [action] = await world.store.servers.actions(server.id);
  expect(action?.outcome).toMatchObject(each.outcome);
});

test.each(['attach', 'detach'] satisfies TaskKind[])(
  'the NIC of an %s is removed where the row names it',
  async (kind) => {
    await left({ kind, step: 'detach-later', data: { nicId: server.nics[0]!.id } });
    const { nics, vmState } = await untilEnded();
    expect({ nics, vmState }).toEqual({ nics: [], vmState: 'building' });
    expect(commands).toEqual(['spawn', 'detach']);
    expect(world.ports.get(portId)).toMatchObject({ deviceId: '', bindingHost: '' });
    const [action] = await world.store.servers.actions(server.id);
    expect(action?.outcome?.is).toBe(kind === 'attach' ? 'failed' : 'ok');
    expect(action?.message).toBe(sentence(kind, 'detach-later'));
  },
);

test.each(['attach', 'detach', 'act', 'migrate'])(
  'the server of an unreadable %s is ERROR, and keeps its claims until it is deleted',
  async (kind) => {
    await left({ kind, step: 'some-step', data: null });
    const { vmState, taskState, fault, nics } = await untilEnded();
    expect({ vmState, taskState }).toEqual({ vmState: 'error', taskState: null });
    expect(fault?.message).toBe(sentence(kind, 'some-step'));
    expect(nics).toHaveLength(1);
    expect(await holders()).toEqual([server.id]);
    const [action] = await world.store.servers.actions(server.id);
    expect(action?.outcome).toMatchObject({ is: 'failed', message: fault?.message });
  },
);

test('a deleted server with a task of an unknown kind stays deleted', async () => {
  await left({ kind: 'migrate', step: 'some-step' });
  await world.db
    .updateTable('instances' as never)
    .set({ deleted_at: 5, vm_state: 'deleted' } as never)
    .execute();
  expect(await untilEnded()).toMatchObject({ vmState: 'deleted', deletedAt: 5, fault: null });
  const [action] = await world.store.servers.actions(server.id);
  expect(action?.outcome).toMatchObject({ message: sentence('migrate', 'some-step') });
});

test.each(['attach', 'detach', 'act', 'migrate'])(
  'an unreadable %s of a server that is damaged too ends',
  async (kind) => {
    await left({ kind, step: 'some-step', data: { nicId: server.nics[0]!.id } });
    await damageServer();
    expect(await untilEnded()).toMatchObject({ vmState: 'error', taskState: null });
    const [action] = await world.store.servers.actions(server.id);
    expect(action?.outcome).toMatchObject({ message: sentence(kind, 'some-step') });
    expect(await holders()).toEqual([server.id]);
  },
);

test('an unreadable deletion of a server that is damaged too starts again, and ends', async () => {
  await left({ kind: 'delete', step: 'shred-disks' });
  await damageServer();
  expect(await untilEnded()).toMatchObject({ vmState: 'deleted' });
  expect(commands).toEqual(['spawn', 'destroy']);
  expect(await holders()).toEqual([null]);
});

test.each(['follow', 'follow-ports'])('a %s task just ends, as it holds nothing', async (kind) => {
  await left({ kind, step: 'some-step' });
  expect(await untilEnded()).toMatchObject({ vmState: 'building', fault: null });
  const [action] = await world.store.servers.actions(server.id);
  expect(action?.outcome).toMatchObject({ is: 'failed', message: sentence(kind, 'some-step') });
});

test('damaged data of the current version is treated as unreadable', async () => {
  await left({ kind: 'boot', step: 'schedule', version: 1, data: { attempt: 'first' } });
  const { fault } = await untilEnded();
  expect(fault?.message).toMatch(/version 1, and this Novella reads version 1: data/);
});
