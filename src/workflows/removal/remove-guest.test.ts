/** What a removal releases, and that it releases nothing while the guest may still hold it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResult } from '#contracts/host/host-link.ts';
import type { Server } from '#core/servers/server.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { aFlavor, aVf, taskOf } from '#test/worlds/store-rows.ts';
import { bootWorkflow } from '../boot/boot-workflow.ts';
import { deleteWorkflow } from './delete-workflow.ts';

let world: ComputeWorld;
let server: Server;
let hostId: string;

const flavor = aFlavor({ vcpus: 2, memoryMib: 512, diskGib: 10, ephemeralGib: 5 });
const claimed = { vcpusUsed: 10, memoryMibUsed: 2_048, diskGibUsed: 100 };
const left = { vcpusUsed: 8, memoryMibUsed: 1_536, diskGibUsed: 85 };

beforeEach(async () => {
  world = await aComputeWorld();
  server = await world.activeServer({ flavor, nics: [] });
  hostId = server.hostId ?? '';
  const { generation } = (await world.store.hosts.get(hostId))!;
  const held = { status: 'allocated', serverId: server.id, requestId: 'r' } as const;
  const devices = [aVf('0000:81:00.1', held)];
  await world.store.hosts.update({ hostId, generation, devices, ...claimed });
});
afterEach(() => world.stop());

/** The host reported the removal of the guest; what the workflow does next. */
async function answered(kind: 'boot' | 'delete', result: CommandResult) {
  const body = { do: 'destroy', guestId: server.id } as const;
  await world.store.commands.issue({ hostId, serverId: server.id, body });
  await world.store.commands.complete(hostId, 1, result, { now: world.time.now });
  const task = taskOf('boot', await world.store.tasks.of(server.id));
  const start = { read: undefined };
  return kind === 'boot'
    ? bootWorkflow.steps['guest-removed'].run(world.context, task, start)
    : deleteWorkflow.steps['guest-removed'].run(
        world.context,
        { ...task, kind, step: 'guest-removed', data: {} },
        start,
      );
}

const refused: CommandResult = { ok: false, message: 'libvirt is busy', detail: '', steps: [] };

test.each(['boot', 'delete'] as const)(
  'the guest of a %s that could not be removed keeps its ports and devices: the command is sent again',
  async (kind) => {
    const outcome = await answered(kind, refused);
    expect(outcome.next).toMatchObject({ step: 'remove-guest', data: { tries: 1 } });
    expect(outcome.next?.dueAt).toBeGreaterThan(world.time.now);
    expect(outcome).not.toHaveProperty('host');
    expect(outcome).not.toHaveProperty('nics');
  },
);

test.each(['boot', 'delete'] as const)(
  'once the guest of a %s is removed its ports are next',
  async (kind) => {
    const outcome = await answered(kind, { ok: true, steps: [] });
    expect(outcome.next).toMatchObject({ step: 'unbind-ports', dueAt: world.time.now });
  },
);

test('a removal that is reported while its host is checked again continues at once', async () => {
  const body = { do: 'destroy', guestId: server.id } as const;
  await world.store.commands.issue({ hostId, serverId: server.id, body });
  world.context.links.noteSeen({ id: hostId, name: 'host-1' });
  const boot = taskOf('boot', await world.store.tasks.of(server.id));
  const task = { ...boot, step: 'guest-removed' } as const;
  const start = { read: undefined };
  const outcome = await bootWorkflow.steps['guest-removed'].run(world.context, task, start);
  expect(outcome.next).toMatchObject({ step: 'guest-removed' });
  expect(outcome.next?.dueAt).toBeGreaterThan(world.time.now);
  await world.store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: world.time.now });
  await world.store.commit({ task, ...outcome });
  expect(await world.store.tasks.of(server.id)).toMatchObject({ dueAt: world.time.now });
});

test('a deleted server releases its claims once, and its device', async () => {
  const boot = taskOf('boot', await world.store.tasks.of(server.id));
  const next = { kind: 'delete', step: 'release', data: {}, dueAt: world.time.now } as const;
  await world.store.commit({ task: boot, next });
  const task = taskOf('delete', await world.store.tasks.of(server.id));
  const start = { read: undefined };
  const outcome = await deleteWorkflow.steps.release.run(world.context, task, start);
  expect(await world.store.commit({ task, ...outcome })).toEqual({ ok: true });
  expect(await world.store.hosts.get(hostId)).toMatchObject(left);
  expect(await world.store.hosts.devices(hostId)).toMatchObject([
    { status: 'available', serverId: null },
  ]);
  // Recorded by another controller in between: it is not released a second time.
  expect((await world.store.commit({ task, ...outcome })).ok).toBe(false);
  expect(await world.store.hosts.get(hostId)).toMatchObject(left);
});

test('a boot that is undone releases its claims once, and its device', async () => {
  const boot = taskOf('boot', await world.store.tasks.of(server.id));
  const failure = { message: 'no KVM', detail: '', retry: false };
  const task = { ...boot, data: { ...boot.data, failure } };
  const outcome = await bootWorkflow.steps.release.run(world.context, task, { read: undefined });
  expect(await world.store.commit({ task, ...outcome })).toEqual({ ok: true });
  expect(await world.store.hosts.get(hostId)).toMatchObject(left);
  expect(await world.store.hosts.devices(hostId)).toMatchObject([{ serverId: null }]);
});
