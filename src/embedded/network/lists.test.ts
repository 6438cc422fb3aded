/** Lists with pages, order, filters and chosen fields: the same for every resource. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let network: string;

interface Named {
  id: string;
  name: string;
}
interface Link {
  rel: string;
  href: string;
}

beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  network = (await post('networks', { network: { name: 'red' } })).body.network.id;
  for (const name of ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']) {
    await post('ports', { port: { network_id: network, name } });
  }
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown) =>
  ask(cloud.network.app, act, { token: cloud.adminToken, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown) => send(`POST /v2.0/${path}`, body);
const byName = 'sort_key=name&sort_dir=asc';
const list = async (query: string, path = 'ports') => {
  const { status, body } = await send(`GET /v2.0/${path}?${query}`);
  expect([status, body.NeutronError]).toEqual([200, undefined]);
  return body;
};
const namesOf = (body: { ports: Named[] }) => body.ports.map(({ name }) => name);
const idOf = async (name: string) => (await list(`name=${name}`)).ports[0].id;
const linkOf = (body: { ports_links?: Link[] }, rel: string) =>
  body.ports_links?.find((link) => link.rel === rel)?.href;
const follow = (href: string) => list(new URL(href).search.slice(1));

describe('pages', () => {
  test('a client that follows the next links reads everything once', async () => {
    const pages: string[][] = [];
    let href: string | undefined = `http://x/v2.0/ports?limit=2&${byName}`;
    while (href !== undefined) {
      const body: { ports: Named[]; ports_links?: Link[] } = await follow(href);
      pages.push(namesOf(body));
      href = linkOf(body, 'next');
    }
    expect(pages).toEqual([['p1', 'p2'], ['p3', 'p4'], ['p5', 'p6'], []]);
  });

  test.each(['limit=2', 'limit=2&fields=id&fields=name'])(
    'without an order a client that follows the next links of %s reads everything once',
    async (query) => {
      const all = (await list('')).ports.map(({ id }: Named) => id);
      const pages: string[][] = [];
      let href: string | undefined = `http://x/v2.0/ports?${query}`;
      while (href !== undefined) {
        const body: { ports: Named[]; ports_links?: Link[] } = await follow(href);
        pages.push(body.ports.map(({ id }) => id));
        if (pages.length > 1) expect(linkOf(body, 'previous')).toContain('page_reverse=True');
        href = linkOf(body, 'next');
      }
      expect(pages.flat()).toEqual(all);
      expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 0]);
    },
  );

  test('the previous link reverses: the page before, in the same order', async () => {
    const p4 = await idOf('p4');
    const body = await list(`limit=2&marker=${p4}&${byName}`);
    expect(namesOf(body)).toEqual(['p5', 'p6']);
    const previous = linkOf(body, 'previous') ?? '';
    expect(previous).toContain('page_reverse=True');
    const before = await follow(previous);
    expect(namesOf(before)).toEqual(['p3', 'p4']);
    expect(namesOf(await follow(linkOf(before, 'previous') ?? ''))).toEqual(['p1', 'p2']);
    const p5 = await idOf('p5');
    const reverse = await list(`limit=2&marker=${p5}&page_reverse=true&${byName}`);
    expect(namesOf(reverse)).toEqual(['p3', 'p4']);
    expect(namesOf(await list(`limit=2&page_reverse=True&${byName}`))).toEqual(['p5', 'p6']);
  });

  const links = [
    { query: 'limit=6', rels: ['next', 'previous'] },
    { query: 'limit=7', rels: ['previous'] },
    { query: 'limit=7&page_reverse=True', rels: ['next'] },
    { query: 'limit=6&page_reverse=True', rels: ['next', 'previous'] },
    { query: 'limit=0', rels: [] },
    { query: '', rels: [] },
  ];
  test.each(links)('the links of "$query" are $rels', async ({ query, rels }) => {
    const body = await list(query);
    expect(body.ports).toHaveLength(6);
    expect((body.ports_links ?? []).map(({ rel }: Link) => rel)).toEqual(rels);
  });

  test('links keep filters and fields, and name the last id though it is not shown', async () => {
    const body = await list(`limit=1&name=p1&name=p2&fields=name&${byName}`);
    expect(body.ports).toEqual([{ name: 'p1' }]);
    const next = new URL(linkOf(body, 'next') ?? '').searchParams;
    expect(next.getAll('name')).toEqual(['p1', 'p2']);
    expect(next.get('marker')).toBe(await idOf('p1'));
    expect((await follow(linkOf(body, 'next') ?? '')).ports).toEqual([{ name: 'p2' }]);
  });

  test('an empty marker is ignored', async () => {
    expect(namesOf(await list(`marker=&limit=2&${byName}`))).toEqual(['p1', 'p2']);
  });

  test('a marker without a limit returns all after it', async () => {
    expect(namesOf(await list(`marker=${await idOf('p4')}&${byName}`))).toEqual(['p5', 'p6']);
  });
});

const lists = [
  { path: 'networks', links: 'networks_links', kind: 'Network' },
  { path: 'subnets', links: 'subnets_links', kind: 'Subnet' },
  { path: 'ports', links: 'ports_links', kind: 'Port' },
  { path: 'security-groups', links: 'security_groups_links', kind: 'SecurityGroup' },
  { path: 'security-group-rules', links: 'security_group_rules_links', kind: 'SecurityGroupRule' },
  { path: 'agents', links: 'agents_links', kind: 'Agent' },
  { path: 'subnetpools', links: 'subnetpools_links', kind: 'SubnetPool' },
  { path: 'availability_zones', links: 'availability_zones_links', kind: 'AvailabilityZone' },
];
describe.each(lists)('the list of $path', ({ path, links, kind }) => {
  beforeAll(() => post('subnets', { subnet: { network_id: network, cidr: '10.1.0.0/24' } }));

  test('links to the previous page', async () => {
    expect((await list('limit=1', path))[links]).toEqual(
      expect.arrayContaining([
        { rel: 'previous', href: expect.stringContaining(`/v2.0/${path}?limit=1&`) },
      ]),
    );
  });

  const refusals = [
    { query: 'limit=-1', status: 400, type: 'BadRequest', expected: "not '-1'" },
    { query: 'limit=x', status: 400, type: 'BadRequest', expected: "not 'x'" },
    { query: 'limit=', status: 400, type: 'BadRequest', expected: "not ''" },
    { query: 'page_reverse=maybe', status: 400, type: 'BadRequest', expected: 'maybe' },
    {
      query: 'sort_key=nonsense&sort_dir=asc',
      status: 400,
      type: 'HTTPBadRequest',
      expected: "['nonsense'] is invalid attribute for sort_keys",
    },
    {
      query: 'sort_key=name',
      status: 400,
      type: 'HTTPBadRequest',
      expected: 'The number of sort_keys and sort_dirs must be same',
    },
    {
      query: 'sort_dir=asc',
      status: 400,
      type: 'HTTPBadRequest',
      expected: 'The number of sort_keys and sort_dirs must be same',
    },
    {
      query: 'nonsense=1',
      status: 400,
      type: 'HTTPBadRequest',
      expected: "['nonsense'] is invalid attribute for filtering",
    },
  ];
  test.each(refusals)('refuses $query', async ({ query, status, type, expected }) => {
    const answer = await send(`GET /v2.0/${path}?${query}`);
    expect([answer.status, answer.body.NeutronError.type]).toEqual([status, type]);
    expect(answer.body.NeutronError.message).toContain(expected);
  });

  test('refuses an unknown marker', async () => {
    const { status, body } = await send(`GET /v2.0/${path}?limit=1&marker=nobody`);
    expect([status, body.NeutronError.type]).toEqual([404, `${kind}NotFound`]);
  });
});

describe('order', () => {
  test('several keys, each with its direction', async () => {
    const ids = 'sort_key=admin_state_up&sort_dir=asc&sort_key=name&sort_dir=desc';
    await send(`PUT /v2.0/ports/${await idOf('p3')}`, { port: { admin_state_up: false } });
    expect(namesOf(await list(ids))).toEqual(['p3', 'p6', 'p5', 'p4', 'p2', 'p1']);
    await send(`PUT /v2.0/ports/${await idOf('p3')}`, { port: { admin_state_up: true } });
  });

  test('an unknown direction is refused', async () => {
    const { status, body } = await send('GET /v2.0/ports?sort_key=name&sort_dir=up');
    expect([status, body.NeutronError.message]).toEqual([
      400,
      "['up'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'",
    ]);
  });

  test('numbers are compared as numbers', async () => {
    for (const mtu of [900, 9000, 1500]) {
      await post('networks', {
        network: { name: `m${mtu}`, mtu, 'provider:network_type': 'local' },
      });
    }
    const body = await list('sort_key=mtu&sort_dir=desc&provider:network_type=local', 'networks');
    expect(body.networks.map(({ mtu }: { mtu: number }) => mtu)).toEqual([9000, 1500, 900]);
  });
});

describe('filters', () => {
  test('a flag in each spelling; an unknown one is refused', async () => {
    for (const word of ['True', 'true', '1', 'yes']) {
      expect((await list(`admin_state_up=${word}`)).ports).toHaveLength(6);
    }
    expect((await list('admin_state_up=False')).ports).toEqual([]);
    const { status, body } = await send('GET /v2.0/ports?admin_state_up=perhaps');
    expect([status, body.NeutronError.message]).toEqual([
      400,
      "query.admin_state_up: 'perhaps' cannot be converted to boolean",
    ]);
  });

  test('one value of a repeated key is enough', async () => {
    expect(namesOf(await list(`name=p2&name=p5&${byName}`))).toEqual(['p2', 'p5']);
  });

  test('the empty text is a value', async () => {
    expect((await list('device_id=')).ports).toHaveLength(6);
    expect((await list('name=')).ports).toEqual([]);
  });

  test('an address by a part of it; another key of an address is refused', async () => {
    const { port } = (await post('ports', { port: { network_id: network, name: 'addressed' } }))
      .body;
    const [{ ip_address: address }] = port.fixed_ips;
    expect(address).toMatch(/^10\.1\.0\./);
    const found = await list('fixed_ips=ip_address_substr=10.1.0.');
    expect(namesOf(found)).toEqual(['addressed']);
    expect((await send('GET /v2.0/ports?fixed_ips=mac=x')).status).toBe(400);
    await send(`DELETE /v2.0/ports/${port.id}`);
  });

  test('a show refuses filters', async () => {
    expect((await send(`GET /v2.0/networks/${network}?nonsense=1`)).status).toBe(400);
    const { body } = await send(`GET /v2.0/networks/${network}?fields=name`);
    expect(body.network).toEqual({ name: 'red' });
  });
});
