import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { taskOf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

test.each([
  { given: { 'OS-DCF:diskConfig': 'MANUAL' }, expected: 'MANUAL' },
  { given: {}, expected: 'AUTO' },
])('a resize with $given leaves the disk config $expected', async ({ given, expected }) => {
  const { id } = await world.activeServer({ diskConfig: 'AUTO' });
  await world.store.commit({ task: taskOf('boot', await world.store.tasks.of(id)), next: null });
  const flavor = { id: 'larger', name: 'larger', ram: 4_096, vcpus: 2, disk: 80 };
  await world.ask('POST /v2.1/flavors', { body: { flavor } });
  const body = { resize: { flavorRef: 'larger', ...given } };
  const { status } = await world.ask(`POST /v2.1/servers/${id}/action`, { as: 'member', body });
  expect([status, (await world.store.servers.get(id))?.diskConfig]).toEqual([202, expected]);
});
