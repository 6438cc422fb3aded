/** Bodies of the actions that move a server, by microversion, and who may send them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
let id: string;
beforeEach(async () => {
  world = await aComputeWorld();
  ({ id } = await world.activeServer());
});
afterEach(() => world.stop());

const sent = (body: object, version: string, as = 'admin') =>
  world.ask(`POST /v2.1/servers/${id}/action`, { body, version, as });

const live = { host: null, block_migration: 'auto' };

test.each<[string, object]>([
  ['2.1', { resize: {} }],
  ['2.1', { resize: { flavorRef: '' } }],
  ['2.1', { resize: { flavorRef: 'unknown' } }],
  ['2.1', { resize: { flavorRef: '3a536f9e-cc95-4974-8995-d6cdd1f5da43' } }],
  ['2.1', { resize: { flavorRef: 'x', colour: 1 } }],
  ['2.1', { resize: { flavorRef: 'x', 'OS-DCF:diskConfig': 'OFTEN' } }],
  ['2.56', { migrate: { host: 7 } }],
  ['2.56', { migrate: { host: 'elsewhere' } }],
  ['2.56', { migrate: 'x' }],
  ['2.56', { migrate: { host: 'host-1' } }],
  ['2.1', { 'os-migrateLive': { host: null, block_migration: false } }],
  ['2.1', { 'os-migrateLive': { ...live, disk_over_commit: false } }],
  ['2.25', { 'os-migrateLive': { ...live, disk_over_commit: false } }],
  ['2.29', { 'os-migrateLive': { ...live, force: false } }],
  ['2.30', { 'os-migrateLive': { ...live, force: true } }],
  ['2.68', { 'os-migrateLive': { ...live, force: false } }],
  ['2.96', { 'os-migrateLive': null }],
  ['2.1', { evacuate: {} }],
  ['2.13', { evacuate: { onSharedStorage: true } }],
  ['2.14', { evacuate: { onSharedStorage: false } }],
  ['2.28', { evacuate: { force: false } }],
  ['2.29', { evacuate: { host: 'host-2', force: true } }],
  ['2.68', { evacuate: { force: false } }],
  ['2.96', { evacuate: { host: '' } }],
  // Its host is not forced down.
  ['2.96', { evacuate: {} }],
])('as of %s the body %j is refused', async (version, body) => {
  expect((await sent(body, version)).status).toBe(400);
  expect(await world.store.moves.select({ limit: 9 })).toEqual([]);
});

test.each(['migrate', 'os-migrateLive', 'evacuate'])('%s is an administrator’s', async (action) => {
  const bodies: Record<string, object> = {
    migrate: { migrate: null },
    'os-migrateLive': { 'os-migrateLive': live },
    evacuate: { evacuate: {} },
  };
  expect((await sent(bodies[action] ?? {}, '2.96', 'member')).status).toBe(403);
});

test('what has not been resized is neither confirmed nor reverted', async () => {
  expect((await sent({ confirmResize: null }, '2.96')).status).toBe(409);
  expect((await sent({ revertResize: null }, '2.96', 'member')).status).toBe(409);
  expect((await sent({ revertResize: null }, '2.96', 'reader')).status).toBe(403);
});
