import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, imageId } from '#test/worlds/compute-world.ts';
import { taskOf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

async function rebuilt(as: 'admin' | 'member', version: string): Promise<object> {
  const { id } = await world.activeServer({ userData: 'b2xk' });
  await world.store.commit({ task: taskOf('boot', await world.store.tasks.of(id)), next: null });
  const { body } = await world.ask(`POST /v2.1/servers/${id}/action`, {
    ...{ as, version },
    body: { rebuild: { imageRef: imageId } },
  });
  return body.server;
}

test.each(['admin', 'member'] as const)(
  'from 2.75 on the reply to %s is that of GET, with the user data under its short name only',
  async (as) => {
    const server = await rebuilt(as, '2.75');
    expect(server).toMatchObject({ user_data: 'b2xk', server_groups: [], progress: 0 });
    expect(server).not.toHaveProperty('OS-EXT-SRV-ATTR:user_data');
    expect('OS-EXT-SRV-ATTR:hostname' in server).toBe(as === 'admin');
  },
);

test.each([
  { version: '2.74', absent: 'config_drive' },
  { version: '2.56', absent: 'user_data' },
])('in $version the reply has no $absent', async ({ version, absent }) => {
  expect(await rebuilt('admin', version)).not.toHaveProperty(absent);
});
