/** What a deletion does after the server is gone. The rest of it is in the scenarios. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store.ts';
import type { ServerNic } from '#core/servers/server.ts';
import { aPort, aComputeWorld, type ComputeWorld, projectId } from '#test/compute-world.ts';
import { aNic } from '#test/store-rows.ts';
import { deleteWorkflow } from './delete-server.ts';

let world: ComputeWorld;

beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/** Runs the task's step; the task as it is then, undefined: ended. */
async function run(task: Task): Promise<Task | undefined> {
  const outcome = await deleteWorkflow.steps[task.step]!.run(world.context, task, {
    read: undefined,
  });
  expect(await world.store.commit({ task, ...outcome })).toEqual({ ok: true });
  return world.store.tasks.of(task.serverId);
}

/** A deletion that has released the ports of a server with this NIC. */
async function atRelease(nic: ServerNic): Promise<Task> {
  const { id } = await world.server({ nics: [nic] });
  const task = await world.store.tasks.of(id);
  const next = { kind: 'delete', step: 'release', data: {}, dueAt: world.time.now } as const;
  await world.store.commit({ task: task!, next });
  return (await world.store.tasks.of(id))!;
}

test.each([
  { what: 'of its user', nic: aNic({ portId: 'p' }) },
  { what: 'that was made and deleted', nic: aNic({ portId: null, ownsPort: true }) },
])('with a port $what the deletion ends with the server', async ({ nic }) => {
  expect(await run(await atRelease(nic))).toBeUndefined();
});

test('a port whose creation was not recorded, and that came after the deletion had looked, is deleted two minutes later', async () => {
  const waiting = await run(await atRelease(aNic({ portId: null })));
  expect(waiting).toMatchObject({ step: 'late-ports', dueAt: world.time.now + 120_000 });
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
