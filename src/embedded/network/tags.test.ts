/** Tags of networks, subnets, ports and security groups, and the filters by them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
const resources: Record<string, string> = {};

beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  const network = (await post('networks', { network: { name: 'red' } })).body.network.id;
  resources['networks'] = network;
  const subnet = { network_id: network, cidr: '10.0.0.0/24' };
  resources['subnets'] = (await post('subnets', { subnet })).body.subnet.id;
  resources['ports'] = (await post('ports', { port: { network_id: network } })).body.port.id;
  const group = await post('security-groups', { security_group: { name: 'web' } });
  resources['security-groups'] = group.body.security_group.id;
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.network.app, act, { token, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown) => send(`POST /v2.0/${path}`, body);
const kinds = ['networks', 'subnets', 'ports', 'security-groups'];

describe.each(kinds)('tags of %s', (kind) => {
  const path = () => `/v2.0/${kind}/${resources[kind]}`;
  const shown = async () => {
    const { body } = await send(`GET ${path()}`);
    return (Object.values(body)[0] as { tags: string[] }).tags;
  };

  test('one is set, checked and removed', async () => {
    expect((await send(`PUT ${path()}/tags/blue`)).status).toBe(201);
    expect((await send(`PUT ${path()}/tags/blue`)).status).toBe(201);
    expect((await send(`PUT ${path()}/tags/a%2Fb%20c`)).status).toBe(201);
    expect(await shown()).toEqual(['blue', 'a/b c']);
    expect((await send(`GET ${path()}/tags`)).body).toEqual({ tags: ['blue', 'a/b c'] });
    expect((await send(`GET ${path()}/tags/blue`)).status).toBe(204);
    const absent = await send(`GET ${path()}/tags/red`);
    expect([absent.status, absent.body.NeutronError.type]).toEqual([404, 'TagNotFound']);
    expect((await send(`DELETE ${path()}/tags/blue`)).status).toBe(204);
    expect((await send(`DELETE ${path()}/tags/blue`)).status).toBe(404);
    expect(await shown()).toEqual(['a/b c']);
  });

  test('all are replaced, added to and cleared', async () => {
    const put = await send(`PUT ${path()}/tags`, { tags: ['x', 'y'] });
    expect([put.status, put.body]).toEqual([200, { tags: ['x', 'y'] }]);
    expect((await send(`POST ${path()}/tags`, { tags: ['y', 'z'] })).status).toBe(201);
    expect(await shown()).toEqual(['x', 'y', 'z']);
    expect((await send(`DELETE ${path()}/tags`)).status).toBe(204);
    expect(await shown()).toEqual([]);
  });

  const wrong = [
    { name: 'a tag of 256 characters', tags: ['x'.repeat(256)] },
    { name: 'a tag that is a number', tags: [1] },
    { name: 'the same tag twice', tags: ['x', 'x'] },
    { name: '51 tags', tags: Array.from({ length: 51 }, (_, index) => `t${index}`) },
    { name: 'no list', tags: 'x' },
  ];
  test.each(wrong)('refuses $name', async ({ tags }) => {
    expect((await send(`PUT ${path()}/tags`, { tags })).status).toBe(400);
    expect(await shown()).toEqual([]);
  });

  test('refuses a 51st tag, and a path with a long one', async () => {
    const tags = Array.from({ length: 50 }, (_, index) => `t${index}`);
    expect((await send(`PUT ${path()}/tags`, { tags })).status).toBe(200);
    const { status, body } = await send(`PUT ${path()}/tags/one-more`);
    expect([status, body.NeutronError.message]).toEqual([
      400,
      expect.stringContaining('51 tags exceed the per-resource limit of 50'),
    ]);
    expect((await send(`PUT ${path()}/tags/t1`)).status).toBe(201);
    await send(`DELETE ${path()}/tags`);
    expect((await send(`PUT ${path()}/tags/${'x'.repeat(256)}`)).status).toBe(400);
  });

  test('an unknown resource has no tags, and another project’s cannot be changed', async () => {
    const unknown = await send(`GET /v2.0/${kind}/nope/tags`);
    expect([unknown.status, unknown.body.NeutronError.type]).toEqual([404, 'TagResourceNotFound']);
    const { body } = await send(
      'POST /v2.0/networks',
      { network: { name: 'n' } },
      cloud.adminToken,
    );
    const foreign = `/v2.0/networks/${body.network.id}`;
    expect((await send(`PUT ${foreign}/tags/x`)).status).toBe(404);
    await send(`PUT ${foreign}`, { network: { shared: true } }, cloud.adminToken);
    expect((await send(`GET ${foreign}/tags`)).status).toBe(200);
    expect((await send(`PUT ${foreign}/tags/x`)).status).toBe(403);
    await send(`DELETE ${foreign}`, undefined, cloud.adminToken);
  });
});

describe.each(kinds)('the filters of %s', (kind) => {
  const filters = [
    { query: 'tags=a', holds: true },
    { query: 'tags=a,b', holds: true },
    { query: 'tags=a&tags=b', holds: true },
    { query: 'tags=a,c', holds: false },
    { query: 'tags-any=c,a', holds: true },
    { query: 'tags-any=c', holds: false },
    { query: 'not-tags=a,b', holds: false },
    { query: 'not-tags=a,c', holds: true },
    { query: 'not-tags-any=c', holds: true },
    { query: 'not-tags-any=c,b', holds: false },
    { query: 'tags=a&not-tags-any=b', holds: false },
  ];
  test.each(filters)('tagged a and b, by $query: $holds', async ({ query, holds }) => {
    const id = resources[kind];
    await send(`PUT /v2.0/${kind}/${id}/tags`, { tags: ['a', 'b'] });
    const { status, body } = await send(`GET /v2.0/${kind}?${query}`);
    expect(status).toBe(200);
    const found = body[kind.replace('-', '_')] as { id: string }[];
    expect(found.some((thing) => thing.id === id)).toBe(holds);
  });
});

test('a port is created with tags; a network is not', async () => {
  const port = { network_id: resources['networks'], tags: ['new'] };
  const made = await post('ports', { port });
  expect([made.status, made.body.port.tags]).toEqual([201, ['new']]);
  const { status, body } = await post('networks', { network: { name: 'n', tags: ['x'] } });
  expect([status, body.NeutronError.message]).toEqual([
    400,
    "Attribute 'tags' not allowed in POST",
  ]);
});
