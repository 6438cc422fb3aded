/**
 * Names with a meaning of their own: of objects in JavaScript, and beyond what headers can hold.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
let path: string;
beforeAll(async () => {
  world = await aComputeWorld();
  await world.server();
  path = `/v2.1/servers/${(await world.server()).id}`;
});
afterAll(() => world.stop());

test.each(['ä', '世界', '😀', '%41', '__proto__', 'a b'])(
  'the tag %s is added, named in Location, found and removed',
  async (tag) => {
    const at = `${path}/tags/${encodeURIComponent(tag)}`;
    const added = await world.ask(`PUT ${at}`, { as: 'member' });
    expect(added).toMatchObject({
      status: 201,
      headers: { location: `http://127.0.0.1:8774${at}` },
    });
    expect((await world.ask(`GET ${path}/tags`)).body.tags).toEqual([tag]);
    expect((await world.ask(`GET ${at}`)).status).toBe(204);
    expect((await world.ask(`DELETE ${at}`)).status).toBe(204);
  },
);

const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

test.each(
  inherited.flatMap((key) =>
    ['servers', 'servers/detail', 'flavors'].map((list) => ({ key, list })),
  ),
)('$list are not sorted by $key', async ({ key, list }) => {
  const { status, body } = await world.ask(`GET /v2.1/${list}?sort_key=${key}`, { as: 'member' });
  expect(status).toBe(400);
  expect(body.badRequest.message).toContain(key);
});

test('metadata accepts keys that objects inherit, and they change nothing else', async () => {
  const metadata = Object.fromEntries(inherited.map((key) => [key, 'mine']));
  const put = { as: 'member', body: { metadata } };
  expect((await world.ask(`PUT ${path}/metadata`, put)).status).toBe(200);
  const kept = (await world.ask(`GET ${path}/metadata`)).body.metadata;
  expect(new Map(Object.entries(kept))).toEqual(new Map(inherited.map((key) => [key, 'mine'])));
  expect((await world.ask(`GET ${path}/metadata/toLocaleString`)).status).toBe(404);
  expect(({} as { mine?: string }).mine).toBeUndefined();
});
