/** What a deletion does after the server is deleted. The rest is in the scenarios. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { ServerNic } from '#core/servers/server.ts';
import { recordedLog } from '#test/recorded-log.ts';
import { aPort, aComputeWorld, type ComputeWorld, projectId } from '#test/worlds/compute-world.ts';
import { aFlavor, aNic, taskOf } from '#test/worlds/store-rows.ts';
import { deleteWorkflow } from './delete-workflow.ts';

let world: ComputeWorld;

beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const deletionOf = async (id: string) => taskOf('delete', await world.store.tasks.of(id));

/** Runs the task's step; the task afterwards, undefined: ended. */
async function run(task: Task<'delete'>): Promise<Task<'delete'> | undefined> {
  const outcome = await deleteWorkflow.steps[task.step].run(world.context, task, {
    read: undefined,
  });
  expect(await world.store.commit({ task, ...outcome })).toEqual({ ok: true });
  const after = await world.store.tasks.of(task.serverId);
  return after && taskOf('delete', after);
}

/** A deletion that has released the ports of a server with this NIC. */
async function atRelease(nic: ServerNic): Promise<Task<'delete'>> {
  const { id } = await world.server({ nics: [nic] });
  const task = taskOf('boot', await world.store.tasks.of(id));
  const next = { kind: 'delete', step: 'release', data: {}, dueAt: world.time.now } as const;
  await world.store.commit({ task, next });
  return deletionOf(id);
}

test.each([
  { what: 'of its user', nic: aNic({ portId: 'p' }) },
  { what: 'that was created and deleted', nic: aNic({ portId: null, ownsPort: true }) },
])('with a port $what the deletion ends with the server', async ({ nic }) => {
  expect(await run(await atRelease(nic))).toBeUndefined();
});

test('an unrecorded port that appears after the deletion’s check is deleted two minutes later', async () => {
  const waiting = await run(await atRelease(aNic({ portId: null })));
  expect(waiting).toMatchObject({ step: 'delete-late-ports', dueAt: world.time.now + 120_000 });
  const { serverId } = waiting!;
  expect(await world.store.servers.get(serverId)).toMatchObject({ vmState: 'deleted' });
  const foreign = aPort('foreign', { deviceId: serverId, projectId: 'another' });
  for (const port of [aPort('late', { deviceId: serverId, projectId }), foreign]) {
    world.ports.set(port.id, port);
  }
  expect(await run(waiting!)).toBeUndefined();
  expect([...world.ports.keys()]).not.toContain('late');
  expect([...world.ports.keys()]).toContain('foreign');
});

const usedOf = async () => {
  const [host] = await world.store.hosts.list();
  const { id = '', generation = 0, vcpusUsed, memoryMibUsed, diskGibUsed } = host ?? {};
  return { id, generation, used: [vcpusUsed, memoryMibUsed, diskGibUsed] };
};

const flavorOf = (vcpus: number, memoryMib: number, diskGib: number) =>
  aFlavor({ vcpus, memoryMib, diskGib, ephemeralGib: 1 });

/** Servers on one host that has their claims. */
async function claiming(...flavors: Flavor[]): Promise<string[]> {
  const ids: string[] = [];
  for (const flavor of flavors) ids.push((await world.activeServer({ flavor, nics: [] })).id);
  const { id: hostId, generation } = await usedOf();
  const sum = (of: (flavor: Flavor) => number) => flavors.reduce((all, one) => all + of(one), 0);
  await world.store.hosts.update({
    hostId,
    generation,
    vcpusUsed: sum(({ vcpus }) => vcpus),
    memoryMibUsed: sum(({ memoryMib }) => memoryMib),
    diskGibUsed: sum(({ diskGib, ephemeralGib }) => diskGib + ephemeralGib),
  });
  return ids;
}

const damageFlavor = (id: string) =>
  world.db
    .updateTable('instances' as never)
    .set({ flavor: '{"vcpus":' } as never)
    .where('uuid' as never, '=', id as never)
    .execute();

/** Requests the deletion and runs it from the release of the claims. */
async function removed(id: string): Promise<void> {
  const { status } = await world.ask(`DELETE /v2.1/servers/${id}`);
  expect(status).toBe(204);
  const task = await deletionOf(id);
  await world.store.commit({
    task,
    next: { step: 'release', data: task.data, dueAt: world.time.now },
  });
  expect(await run(await deletionOf(id))).toBeUndefined();
}

test('a server whose flavor is damaged releases what it held on its host, and no more', async () => {
  const [damaged = '', whole = ''] = await claiming(flavorOf(2, 512, 10), flavorOf(4, 1024, 20));
  await damageFlavor(damaged);
  await removed(damaged);
  expect((await usedOf()).used).toEqual([4, 1024, 21]);
  await removed(whole);
  expect((await usedOf()).used).toEqual([0, 0, 0]);
});

test('of several servers with damaged flavors, the last one releases what all held', async () => {
  const [first = '', last = '', whole = ''] = await claiming(
    flavorOf(2, 512, 10),
    flavorOf(1, 256, 5),
    flavorOf(4, 1024, 20),
  );
  await damageFlavor(first);
  await damageFlavor(last);
  await removed(first);
  expect((await usedOf()).used).toEqual([7, 1792, 38]);
  await removed(last);
  expect((await usedOf()).used).toEqual([4, 1024, 21]);
  await removed(whole);
  expect((await usedOf()).used).toEqual([0, 0, 0]);
});

test('what a deleted server holds until its silent host returns is not released with a damaged one', async () => {
  const [damaged = '', waiting = ''] = await claiming(flavorOf(2, 512, 10), flavorOf(4, 1024, 20));
  await world.ask(`DELETE /v2.1/servers/${waiting}`);
  const task = await deletionOf(waiting);
  const data = { hostIsSilent: true };
  const next = { step: 'release', data, dueAt: world.time.now } as const;
  await world.store.commit({ task, next });
  expect(await run(await deletionOf(waiting))).toMatchObject({ step: 'host-returned' });
  await damageFlavor(damaged);
  await removed(damaged);
  expect((await usedOf()).used).toEqual([4, 1024, 21]);
});

/** Requests the deletion of a server whose image is being made, and runs it from its release. */
async function interrupted(step: 'command-host' | 'host-answered'): Promise<Task<'delete'>> {
  const { id } = await world.activeServer();
  const boot = taskOf('boot', await world.store.tasks.of(id));
  const data = { act: 'snapshot', image: { id: 'made' } } as const;
  const next = { kind: 'act', step, data, dueAt: world.time.now } as const;
  await world.store.commit({ task: boot, next });
  await world.ask(`DELETE /v2.1/servers/${id}`);
  const task = await deletionOf(id);
  const release = { step: 'release', data: task.data, dueAt: world.time.now } as const;
  await world.store.commit({ task, next: release });
  return deletionOf(id);
}

test('the image of an interrupted copy is deleted; while the image service fails that is retried', async () => {
  const images: string[] = [];
  let isDown = true;
  world.context.images.deleteImage = async (id) => {
    if (isDown) throw new ComputeError('unavailable', 'no answer');
    images.push(id);
  };
  let task = await run(await interrupted('command-host'));
  expect(task).toMatchObject({ step: 'drop-images' });
  for (let tries = 1; tries <= 3; tries += 1) {
    task = await run(task!);
    expect(task).toMatchObject({ step: 'drop-images', data: { tries } });
    expect(task!.dueAt).toBeGreaterThan(world.time.now);
  }
  isDown = false;
  expect(await run(task!)).toBeUndefined();
  expect(images).toEqual(['made']);
});

test('an image service that stays down does not keep the deletion for ever', async () => {
  world.context.images.deleteImage = async () => {
    throw new ComputeError('unavailable', 'no answer');
  };
  const log = recordedLog();
  world.context.log = log;
  let task = await run(await interrupted('command-host'));
  let tries = 0;
  for (; task !== undefined && tries < 100; tries += 1) task = await run(task);
  expect(tries).toBe(26);
  expect(log.entries).toEqual([
    ...Array.from({ length: 25 }, () => 'warn cannot delete an image; will retry'),
    'warn an image that was to be deleted is left',
  ]);
});

test('a copy that its host completed before it removed the guest stays', async () => {
  const images: string[] = [];
  world.context.images.deleteImage = async (id) => void images.push(id);
  const task = await interrupted('host-answered');
  const [host] = await world.store.hosts.list();
  const body = { do: 'snapshot', guestId: task.serverId, imageId: 'made' } as const;
  await world.store.commands.issue({ hostId: host!.id, serverId: task.serverId, body });
  const [{ seq } = { seq: 0 }] = await world.store.commands.pending(host!.id);
  const result = { ok: true as const, steps: [] };
  await world.store.commands.complete(host!.id, seq, result, { now: world.time.now });
  expect(await run(task)).toBeUndefined();
  expect(images).toEqual([]);
});
