/** Which servers a list has, in which order and pages. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  type ComputeWorld,
  flavorId,
  networkId,
  otherProjectId,
} from '#test/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const listed = [
  { name: 'newest first', query: '', gives: ['gamma', 'beta', 'alpha'] },
  { name: 'by part of a name', query: '?name=a$', gives: ['gamma', 'beta', 'alpha'] },
  { name: 'by the whole name', query: '?name=%5Ebeta$', gives: ['beta'] },
  { name: 'by status', query: '?status=ERROR', gives: ['beta'] },
  { name: 'by several statuses', query: '?status=ERROR&status=active', gives: ['beta', 'alpha'] },
  { name: 'by image', query: `?image=${networkId}`, gives: [] },
  { name: 'by flavor', query: `?flavor=${flavorId}&name=alpha`, gives: ['alpha'] },
  { name: 'by address', query: '?ip=10.20.0', gives: ['alpha'] },
  { name: 'by all tags', query: '?tags=a,b', gives: ['gamma'] },
  { name: 'by any tag', query: '?tags-any=a,c', gives: ['gamma', 'beta'] },
  { name: 'by no tag', query: '?not-tags-any=a', gives: ['alpha'] },
  { name: 'by host', query: '?host=host-1', gives: ['alpha'] },
  {
    name: 'since a time',
    query: '?changes-since=1970-01-01T00:00:02Z',
    gives: ['gamma', 'beta', 'gone'],
  },
  { name: 'deleted ones', query: '?deleted=True', gives: ['gone'] },
  {
    name: 'sorted',
    query: '?sort_key=display_name&sort_dir=asc',
    gives: ['alpha', 'beta', 'gamma'],
  },
  { name: 'of all tenants', query: '?all_tenants=', gives: ['gamma', 'beta', 'alpha', 'foreign'] },
  {
    name: 'of one other project',
    query: `?all_tenants=1&project_id=${otherProjectId}`,
    gives: ['foreign'],
  },
  { name: 'at most so many', query: '?limit=2', gives: ['gamma', 'beta'] },
];

test.each(listed)('servers are listed $name', async ({ query, gives }) => {
  await world.server({ name: 'foreign', projectId: otherProjectId, createdAt: 500 });
  await world.server({
    name: 'gone',
    vmState: 'deleted',
    deletedAt: 9,
    createdAt: 900,
    updatedAt: 9_000,
  });
  await world.activeServer({ name: 'alpha', createdAt: 1_000, updatedAt: 1_000 });
  await world.server({
    name: 'beta',
    vmState: 'error',
    tags: ['a'],
    createdAt: 2_000,
    updatedAt: 2_000,
  });
  await world.server({ name: 'gamma', tags: ['a', 'b'], createdAt: 3_000, updatedAt: 3_000 });
  const { body } = await world.ask(`GET /v2.1/servers${query}`);
  expect(body.servers.map(({ name }: { name: string }) => name)).toEqual(gives);
});

test('administrators’ filters count for nothing from a member', async () => {
  await world.activeServer({ name: 'here' });
  const { body } = await world.ask('GET /v2.1/servers?host=elsewhere', { as: 'member' });
  expect(body.servers).toHaveLength(1);
});

test('a full page leads to the next, and the last to none', async () => {
  for (const name of ['a', 'b', 'c']) await world.server({ name });
  const seen: string[] = [];
  let next: string | undefined = '/v2.1/servers/detail?limit=2';
  while (next !== undefined) {
    const { body } = await world.ask(`GET ${next}`);
    seen.push(...body.servers.map(({ name }: { name: string }) => name));
    next = body.servers_links?.[0].href.replace('http://127.0.0.1:8774', '');
  }
  expect(seen).toEqual(['c', 'b', 'a']);
});

test('an unknown status finds nothing before 2.38', async () => {
  await world.activeServer();
  const { body } = await world.ask('GET /v2.1/servers?status=SLEEPY', { version: '2.37' });
  expect(body.servers).toEqual([]);
});
