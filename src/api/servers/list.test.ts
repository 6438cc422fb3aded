/** The servers of a list, their order and pages. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { splitNames } from '../requests/split-names.ts';
import { filters, isNoFilter, serverQuery } from './read/filters.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  flavorId,
  imageId,
  networkId,
  otherProjectId,
} from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';

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
  { name: 'deleted ones by status', query: '?status=DELETED', gives: ['gone'] },
  {
    name: 'before a time, deleted ones too',
    query: '?changes-before=1970-01-01T00:00:10Z',
    gives: ['gamma', 'beta', 'alpha', 'gone'],
  },
  {
    name: 'since a time without deleted ones',
    query: '?changes-since=1970-01-01T00:00:02Z&deleted=False',
    gives: ['gamma', 'beta'],
  },
  { name: 'of another project among one’s own', query: `?project_id=${otherProjectId}`, gives: [] },
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
  { name: 'limited in number', query: '?limit=2', gives: ['gamma', 'beta'] },
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

const names = ['gamma', 'beta'];
const found = [
  { by: 'display_name=bet', gives: ['beta'] },
  { by: 'display_description=second', gives: ['beta'] },
  { by: 'description=nothing', gives: [] },
  { by: 'metadata={"role":"db"}', gives: ['beta'] },
  { by: "metadata={'role': 'db', 'tier': '1'}", gives: ['beta'] },
  { by: 'metadata={"role":"db","tier":"2"}', gives: [] },
  { by: 'metadata=role=db', gives: ['beta'] },
  { by: 'launch_index=1', gives: ['beta'] },
  { by: 'launch_index=9', gives: [] },
  { by: `image_ref=${imageId}`, gives: names },
  { by: 'image_ref=zz', gives: [] },
  { by: `instance_type_id=${flavorId}`, gives: names },
  { by: 'instance_type_id=99', gives: [] },
  { by: 'kernel_id=kernel', gives: ['beta'] },
  { by: 'ramdisk_id=nothing', gives: [] },
  { by: 'root_device_name=/dev/vda', gives: ['beta'] },
  { by: 'root_device_name=/dev/zzz', gives: [] },
  { by: 'locked_by=owner', gives: ['beta'] },
  { by: 'locked=true', gives: ['beta'] },
  { by: 'auto_disk_config=True', gives: ['beta'] },
  { by: 'created_at=1970-01-01T00:00:02Z', gives: ['beta'] },
  { by: 'created_at=^1970-01-01 00:00:03', gives: ['gamma'] },
  { by: 'launched_at=1970-01-01T00:01', gives: ['beta'] },
  { by: 'terminated_at=1970', gives: [] },
  { by: 'progress=50', gives: [] },
  { by: 'task_state=scheduling', gives: ['gamma'] },
  { by: 'vm_state=error', gives: ['beta'] },
  { by: 'power_state=7', gives: [] },
  { by: 'user_id=nobody', gives: [] },
  { by: 'uuid=00000000-0000-4000-8000-000000000000', gives: [] },
  { by: 'key_name=none', gives: [] },
  { by: 'config_drive=True', gives: ['gamma'] },
  { by: 'config_drive=False', gives: ['beta'] },
  { by: 'access_ip_v4=192.0.2.9', gives: ['beta'] },
  { by: 'access_ip_v6=2001', gives: [] },
  { by: 'reservation_id=r-nosuch', gives: [] },
  { by: 'hostname=nosuch', gives: [] },
  { by: 'availability_zone=elsewhere', gives: [] },
  { by: 'availability_zone=nova', gives: ['beta'] },
  { by: 'host=host-1', gives: ['beta'] },
  { by: 'node=host-2', gives: [] },
  { by: 'tenant_id=nobody', gives: [] },
];

async function twoServers() {
  const hostId = await aHost(world.store, []);
  await world.server({
    name: 'beta',
    description: 'the second',
    metadata: { role: 'db', tier: '1' },
    launchIndex: 1,
    imageProperties: { kernel_id: 'kernel-7' },
    vmState: 'error',
    taskState: null,
    locked: true,
    lockedBy: 'owner',
    diskConfig: 'AUTO',
    accessIpv4: '192.0.2.9',
    hostId,
    hostName: 'host-1',
    configDrive: false,
    nics: [],
    createdAt: 2_000,
    launchedAt: 60_000,
  });
  await world.server({ name: 'gamma', createdAt: 3_000 });
}

test.each(found)('administrators find servers by $by', async ({ by, gives }) => {
  await twoServers();
  const [key = '', ...value] = by.split('=');
  const query = `${key}=${encodeURIComponent(value.join('='))}`;
  const { body } = await world.ask(`GET /v2.1/servers?${query}`);
  expect(body.servers.map(({ name }: { name: string }) => name)).toEqual(gives);
});

const openedToMembers = [
  { query: 'availability_zone=elsewhere', from: 83 },
  { query: 'config_drive=True', from: 83 },
  { query: 'key_name=none', from: 83 },
  { query: 'created_at=1999', from: 83 },
  { query: 'launched_at=1999', from: 83 },
  { query: 'terminated_at=1999', from: 83 },
  { query: 'power_state=7', from: 83 },
  { query: 'task_state=rebooting', from: 83 },
  { query: 'vm_state=deleted', from: 83 },
  { query: 'progress=50', from: 83 },
  { query: 'user_id=nobody', from: 83 },
  { query: 'hostname=nosuch', from: 90 },
];

test.each(openedToMembers)('members filter by $query from 2.$from on', async ({ query, from }) => {
  await world.server({ name: 'one', configDrive: false });
  const at = async (minor: number) => {
    const call = `GET /v2.1/servers?name=%5Eone$&${query}`;
    const { body } = await world.ask(call, { as: 'member', version: `2.${minor}` });
    return body.servers.length;
  };
  expect([await at(from - 1), await at(from)]).toEqual([1, 0]);
});

test('every key of a query is a filter, refused by name, or an option of the list', () => {
  const ofTheList = splitNames(
    'status limit marker sort_key sort_dir all_tenants deleted soft_deleted changes-since changes-before',
  );
  const silent = serverQuery.filter(
    (key) => filters[key] === undefined && !isNoFilter(key) && !ofTheList.includes(key),
  );
  expect(silent).toEqual([]);
});

test.each([
  { query: 'system_metadata={"a":"b"}', version: '2.79' },
  { query: 'security_groups=default', version: '2.1' },
  { query: '_secret=1', version: '2.1' },
  { query: 'architecture=x86_64', version: '2.1' },
  { query: 'metadata=role', version: '2.79' },
  { query: 'metadata={"role":1}', version: '2.79' },
  { query: 'config_drive=perhaps', version: '2.79' },
  { query: 'all_tenants=perhaps', version: '2.79' },
  { query: 'updated_at=1970', version: '2.75' },
  {
    query: 'changes-since=2026-01-02T00:00:00Z&changes-before=2026-01-01T00:00:00Z',
    version: '2.66',
  },
])('an administrator’s list is refused for $query in $version', async ({ query, version }) => {
  const answer = await world.ask(`GET /v2.1/servers?${query}`, { version });
  expect(answer.status).toBe(400);
  expect(faultOf(answer).message).toContain(query.split('=')[0]);
});

test('filters that Nova’s schema does not have are accepted before 2.75', async () => {
  await twoServers();
  const find = async (query: string) =>
    (await world.ask(`GET /v2.1/servers?${query}`, { version: '2.74' })).body.servers.length;
  expect(await find('hypervisor_hostname=host-1')).toBe(1);
  expect(await find('hypervisor_hostname=host-2')).toBe(0);
  expect(await find('updated_at=2037')).toBe(0);
});

test('only administrators list deleted servers by status, or sort by host', async () => {
  const refused = await world.ask('GET /v2.1/servers/detail?status=DELETED', { as: 'member' });
  expect(faultOf(refused)).toMatchObject({
    code: 403,
    message: 'Only administrators may list deleted instances',
  });
  const sorted = await world.ask('GET /v2.1/servers?sort_key=host', { as: 'member' });
  expect(sorted.status).toBe(403);
});

test('a member’s list of changes contains deleted servers', async () => {
  await world.server({ name: 'gone', vmState: 'deleted', deletedAt: 9, updatedAt: 9_000 });
  const query = 'changes-since=1970-01-01T00:00:02Z&deleted=False';
  const { body } = await world.ask(`GET /v2.1/servers?${query}`, { as: 'member' });
  expect(body.servers).toMatchObject([{ name: 'gone' }]);
});

test('administrators’ filters are ignored from a member', async () => {
  await world.activeServer({ name: 'here' });
  const { body } = await world.ask('GET /v2.1/servers?host=elsewhere', { as: 'member' });
  expect(body.servers).toHaveLength(1);
});

test('a full page links to the next, and the last does not', async () => {
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
