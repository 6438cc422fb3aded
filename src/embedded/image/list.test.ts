/** Lists of images: filters, order, pages and links, as in Glance. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
const ids: Record<string, string> = {};
const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.image.app, act, { token, ...(body !== undefined && { body }) });

/** One second apart. */
const made = [
  { name: 'a', tags: ['t1', 't2'], min_disk: 1, disk_format: 'raw', bytes: 10 },
  { name: 'b', tags: ['t1'], os_distro: 'debian', disk_format: 'raw', bytes: 20 },
  { name: 'c,d', protected: true, hw_min: '5', disk_format: 'qcow2', bytes: 20 },
  { name: 'hidden', os_hidden: true },
  { name: null },
];
const start = Date.parse('2026-11-23T07:15:00Z');

beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  for (const [at, { bytes, ...image }] of made.entries()) {
    cloud.time.now = start + at * 1000 + 300;
    const { id } = (await send('POST /v2/images', { container_format: 'bare', ...image })).body;
    ids[image.name ?? 'none'] = id;
    if (bytes !== undefined) {
      const headers = { 'content-type': 'application/octet-stream' };
      const body = Buffer.alloc(bytes);
      const act = `PUT /v2/images/${id}/file`;
      await ask(cloud.image.app, act, { token: cloud.demoToken, body, headers });
    }
  }
  for (const visibility of ['community', 'private']) {
    const image = { name: `foreign ${visibility}`, visibility };
    ids[image.name] = (await send('POST /v2/images', image, cloud.adminToken)).body.id;
  }
});
afterAll(() => cloud.stop());

const named = (query: string) =>
  query.replaceAll(/<([^>]+)>/g, (_, name: string) => ids[name] ?? 'unknown');
const list = async (query: string, token?: string) =>
  (await send(`GET /v2/images?${named(query)}`, undefined, token)).body;
const names = async (query: string, token?: string) =>
  (await list(query, token)).images.map(({ name }: { name: string | null }) => name);

describe('filters', () => {
  test.each([
    ['', [null, 'c,d', 'b', 'a']],
    ['os_hidden=True', ['hidden']],
    ['name=a', ['a']],
    ['name=in:a,b,x', ['b', 'a']],
    ['name=in:%22c,d%22,a', ['c,d', 'a']],
    ['name=eq:b', ['b']],
    ['id=in:<a>,<b>', ['b', 'a']],
    ['id=<c,d>', ['c,d']],
    ['status=in:queued,saving', [null]],
    ['status=active', ['c,d', 'b', 'a']],
    ['disk_format=in:raw', ['b', 'a']],
    ['container_format=bare&disk_format=qcow2', ['c,d']],
    ['created_at=gt:2020-01-01T00:00:00Z', [null, 'c,d', 'b', 'a']],
    ['created_at=gt:2026-11-23T07:15:01Z', [null, 'c,d']],
    ['created_at=lte:2026-11-23T07:15:00Z', ['a']],
    ['updated_at=2026-11-23T07:15:01Z', ['b']],
    ['size_min=20', ['c,d', 'b']],
    ['size_max=19', ['a']],
    ['size_min=-1&size_max=20&name=b', ['b']],
    ['size=10', ['a']],
    ['virtual_size=20', ['b']],
    ['min_disk=1', ['a']],
    ['min_disk_min=1', ['a']],
    ['min_ram_max=0&name=a', ['a']],
    ['protected=TRUE', ['c,d']],
    ['tag=t1', ['b', 'a']],
    ['tag=t1&tag=%20t2', ['a']],
    ['os_distro=debian', ['b']],
    ['os_distro=in:debian', []],
    ['hw_min=5', ['c,d']],
    ['nosuch=1', []],
    ['self=/v2/images/<a>', []],
    ['constructor=1', []],
    ['deleted=false&name=a', ['a']],
    ['deleted=true', []],
    ['visibility=shared&name=a', ['a']],
    ['visibility=community', ['foreign community']],
    ['visibility=private', []],
    ['visibility=all&name=in:a,foreign%20community', ['foreign community', 'a']],
    ['member_status=all&name=a', ['a']],
  ])('%s', async (query, found) => {
    expect(await names(query)).toEqual(found);
  });

  test('an admin sees all, and community images of others only on request', async () => {
    expect(await names('os_distro=debian', cloud.adminToken)).toEqual(['b']);
    const community = `id=<foreign community>`;
    expect(await names(`${community}&visibility=all`, cloud.demoToken)).toHaveLength(1);
    expect(await names(community, cloud.demoToken)).toEqual([]);
    expect(await names(community, cloud.adminToken)).toHaveLength(1);
  });

  test.each([
    'limit=x',
    'limit=',
    'limit=-1',
    'limit=1.5',
    'limit=1e2',
    'limit=0x10',
    'limit=1&limit=2',
    'marker=nosuch',
    'marker=',
    'marker=<foreign private>',
    'name=like:a',
    'name=in:%22a',
    'status=neq:active',
    'created_at=yesterday',
    'created_at=after:2026-11-23T07:15:00Z',
    'size_min=big',
    'size=1.5',
    'min_disk=many',
    'protected=yes',
    'os_hidden=1',
    'deleted=perhaps',
    'visibility=secret',
    'member_status=unsure',
    'changes-since=2026-11-23T07:15:00Z',
    'sort_key=nosuch',
    'sort_key=min_disk',
    'sort_key=',
    'sort_dir=up',
    'sort_key=name&sort_key=size&sort_dir=asc&sort_dir=asc&sort_dir=asc',
    'sort_dir=asc&sort_dir=desc',
    'sort=name:asc&sort_key=size',
    'sort=name:asc&sort_dir=asc',
    'sort=',
    'sort=name:up',
    'sort=name:asc:x',
    'sort=name,,size',
  ])('%s is refused with the name of its key', async (query) => {
    const { error } = await list(query);
    expect([error.code, error.message]).toEqual([400, expect.stringMatching(/^query\.[\w-]+: \S/)]);
  });
});

describe('order', () => {
  test.each([
    ['sort=name:asc', [null, 'a', 'b', 'c,d']],
    ['sort=name', ['c,d', 'b', 'a', null]],
    ['sort=size:desc,name:asc', ['b', 'c,d', 'a', null]],
    ['sort=%20size%20:%20asc%20,name:asc', [null, 'a', 'b', 'c,d']],
    ['sort_key=name&sort_dir=asc', [null, 'a', 'b', 'c,d']],
    ['sort_key=size&sort_key=name&sort_dir=asc', [null, 'a', 'b', 'c,d']],
    ['sort_key=size&sort_key=name&sort_dir=desc&sort_dir=asc', ['b', 'c,d', 'a', null]],
    ['sort_dir=asc', ['a', 'b', 'c,d', null]],
    ['sort_key=size', ['c,d', 'b', 'a', null]],
    ['sort_key=disk_format&sort_dir=asc', [null, 'c,d', 'a', 'b']],
  ])('%s', async (query, found) => {
    expect(await names(query)).toEqual(found);
  });
});

describe('pages', () => {
  test('lead from one to the next, and back to the first', async () => {
    const query = 'limit=2&sort=name:asc&tag=t1';
    const first = await list('limit=1&sort=name:asc&tag=t1');
    expect(first).toMatchObject({
      first: '/v2/images?limit=1&sort=name%3Aasc&tag=t1',
      next: `/v2/images?limit=1&sort=name%3Aasc&tag=t1&marker=${ids['a']}`,
      schema: '/v2/schemas/images',
    });
    const second = (await send(`GET ${first.next}`)).body;
    expect([second.images[0].name, second.next, second.first]).toEqual([
      'b',
      undefined,
      first.first,
    ]);
    expect((await list(query)).next).toBeUndefined();
  });

  test('contain every image once, also those that are equal in all sort keys', async () => {
    const seen: unknown[] = [];
    let next: string | undefined = '/v2/images?limit=1&sort=container_format:asc';
    while (next !== undefined) {
      const { body } = await send(`GET ${next}`);
      seen.push(...body.images.map(({ name }: { name: string }) => name));
      next = body.next;
    }
    expect(seen).toEqual(['a', 'b', 'c,d', null]);
  });

  test('begin after an image that no longer matches', async () => {
    expect(await names('status=active&sort=name:asc&marker=<none>')).toEqual(['a', 'b', 'c,d']);
  });

  test.each([
    ['limit=0', 0],
    ['limit=%2B3', 3],
    ['limit=100000', 4],
    ['limit=99999999999999999999', 4],
  ])('%s gives %i', async (query, count) => {
    const { images, next } = await list(query);
    expect([images.length, next === undefined]).toEqual([count, count !== 3]);
  });

  test('end early when their images are large', async () => {
    const token = cloud.adminToken;
    const large = { description: 'x'.repeat(60_000), os_hidden: true };
    for (let at = 0; at < 20; at += 1) await send('POST /v2/images', large, token);
    const first = await list('os_hidden=true', token);
    expect(first.images.length).toBeLessThan(20);
    const second = (await send(`GET ${first.next}`, undefined, token)).body;
    expect(first.images.length + second.images.length).toBe(21);
  });
});
