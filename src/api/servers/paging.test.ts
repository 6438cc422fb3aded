/** Pages of server lists through the API: markers, links and ties. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

type Page = { servers: { name: string }[]; servers_links?: { href: string }[] };
const base = 'http://127.0.0.1:8774';

/** All pages of a list, and their addresses. */
async function walk(path: string, version = '2.96', as = 'member') {
  const names: string[] = [];
  const paths: string[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    paths.push(next);
    const { status, body } = await world.ask(`GET ${next}`, { version, as });
    expect({ next, status }).toEqual({ next, status: 200 });
    const page = body as Page;
    names.push(...page.servers.map(({ name }) => name));
    next = page.servers_links?.[0]?.href.replace(base, '');
  }
  return { names, paths };
}

/** Five created at the same moment, so that only their rows’ order distinguishes them. */
async function fiveServers() {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await world.server({ name, tags: ['one', name], metadata: { name } });
  }
}

test.each([
  ['/v2.1/servers', '2.1'],
  ['/v2.1/servers/detail', '2.1'],
  [`/v2.1/${projectId}/servers`, '2.79'],
  [`/v2.1/${projectId}/servers/detail`, '2.47'],
  ['/v2/servers', ''],
  [`/v2/${projectId}/servers/detail`, ''],
])('%s links from page to page below itself', async (path, version) => {
  await fiveServers();
  const { names, paths } = await walk(`${path}?limit=2`, version);
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
  expect(paths).toHaveLength(3);
  for (const each of paths) expect(each.startsWith(`${path}?limit=2`)).toBe(true);
});

test.each([
  'sort_key=project_id&sort_dir=asc',
  'sort_key=launched_at',
  'name=.',
  'tags=one',
  'name=[a-e]&tags-any=a,b,c,d,e&sort_key=vm_state',
])('pages of ?%s hold each server once', async (query) => {
  await fiveServers();
  const { names, paths } = await walk(`/v2.1/servers?limit=2&${query}`);
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
  for (const each of paths) {
    for (const part of query.split('&')) expect(decodeURIComponent(each)).toContain(part);
  }
});

test('a filter on whole servers finds its page however far it is', async () => {
  for (let at = 0; at < 250; at += 1) {
    await world.server({ name: `n${at}`, tags: at < 3 ? ['rare'] : [] });
  }
  const { names } = await walk('/v2.1/servers?tags=rare&limit=2');
  expect(names).toEqual(['n2', 'n1', 'n0']);
  const { body } = await world.ask('GET /v2.1/servers/detail?tags=rare');
  expect(body.servers.map(({ name }: { name: string }) => name)).toEqual(['n2', 'n1', 'n0']);
});

test('a marker that is unknown, or another project’s, is refused', async () => {
  const foreign = await world.server({ projectId: otherProjectId });
  await world.server();
  for (const marker of [foreign.id, 'nobody', '']) {
    const answer = await world.ask(`GET /v2.1/servers?marker=${marker}`, { as: 'member' });
    expect(faultOf(answer)).toMatchObject({ code: 400, message: `marker [${marker}] not found` });
  }
  const all = await world.ask(`GET /v2.1/servers?all_tenants=1&marker=${foreign.id}`);
  expect(all).toMatchObject({ status: 200, body: { servers: [] } });
});

test('a page has at most 1000 servers, with a limit of 0 none, and neither links beyond the end', async () => {
  for (let at = 0; at < 1_001; at += 1) await world.server({ name: `n${at}` });
  for (const query of ['', '?limit=5000']) {
    const { body } = await world.ask(`GET /v2.1/servers${query}`);
    expect(body.servers).toHaveLength(1_000);
    expect(body.servers_links).toHaveLength(1);
  }
  const none = await world.ask('GET /v2.1/servers?limit=0');
  expect(none.body).toEqual({ servers: [] });
  for (const limit of ['-1', 'x', '1.5']) {
    expect((await world.ask(`GET /v2.1/servers?limit=${limit}`)).status).toBe(400);
  }
});
