/** Limits by project and by microversion. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, otherProjectId } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

test('limits count what the project uses', async () => {
  await world.server();
  await world.server({ projectId: otherProjectId });
  const { body } = await world.ask('GET /v2.1/limits?reserved=False', {
    as: 'member',
    version: '',
  });
  expect(body.limits.absolute).toMatchObject({
    totalInstancesUsed: 1,
    totalCoresUsed: 1,
    totalRAMUsed: 512,
    maxTotalInstances: 10,
    maxTotalCores: 20,
    maxTotalRAMSize: 51_200,
    maxServerMeta: 128,
  });
});

test.each([
  { version: '2.35', has: ['maxSecurityGroups', 'maxImageMeta', 'maxPersonality'], lacks: [] },
  { version: '2.36', has: ['maxImageMeta', 'maxPersonality'], lacks: ['totalFloatingIpsUsed'] },
  { version: '2.39', has: ['maxPersonalitySize'], lacks: ['maxImageMeta'] },
  { version: '2.57', has: ['maxServerMeta'], lacks: ['maxPersonality', 'maxImageMeta'] },
])('limits of $version', async ({ version, has, lacks }) => {
  const { body } = await world.ask('GET /v2.1/limits', { version });
  const keys = Object.keys(body.limits.absolute);
  expect(keys).toEqual(expect.arrayContaining(has));
  expect(keys.filter((key) => lacks.includes(key))).toEqual([]);
});

test("another project's limits are visible to administrators only", async () => {
  const path = `GET /v2.1/limits?tenant_id=${otherProjectId}`;
  expect((await world.ask(path, { as: 'member' })).status).toBe(403);
  expect((await world.ask(path)).status).toBe(200);
});
