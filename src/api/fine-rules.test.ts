/** Rules that decide something within a call: who has it by default, and with overrides. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RuleName, standardRules } from '#core/access/rules/standard-rules.ts';
import {
  aComputeWorld,
  bootBody,
  type ComputeWorld,
  faultOf,
  imageId,
  otherProjectId,
  portId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { aRestingServer } from '#test/servers/resting-server.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

interface Case {
  rule: RuleName;
  /** Does the caller have what the rule decides? */
  has: (as: string) => Promise<boolean>;
  /** Members have it by default. */
  ofMembers?: true;
}

const o = 'os_compute_api';

const aRunning = (change: Parameters<ComputeWorld['activeServer']>[0] = {}) =>
  aRestingServer(world, change);

async function show(as: string, id: string, version = '2.96') {
  return (await world.ask(`GET /v2.1/servers/${id}`, { as, version })).body.server;
}

/** Whether the call is not refused with this rule. */
const passes =
  (rule: RuleName, act: () => string | Promise<string>, body?: object) => async (as: string) => {
    const answer = await world.ask(await act(), { as, ...(body !== undefined && { body }) });
    if (answer.status !== 403) return true;
    expect(faultOf(answer).message).toBe(`Policy doesn't allow ${rule} to be performed.`);
    return false;
  };

async function eventOf(as: string) {
  const server = await aRunning();
  const act = `POST /v2.1/servers/${server.id}/action`;
  await world.ask(act, { body: { lock: null } });
  const path = `/v2.1/servers/${server.id}/os-instance-actions`;
  const { body } = await world.ask(`GET ${path}`);
  const [{ request_id: request }] = body.instanceActions.filter(
    ({ action }: { action: string }) => action === 'lock',
  );
  return (await world.ask(`GET ${path}/${request}`, { as })).body.instanceAction.events[0];
}

async function aLiveMigration() {
  const server = await aRunning();
  const live = { 'os-migrateLive': { host: null, block_migration: 'auto' } };
  const act = `POST /v2.1/servers/${server.id}/action`;
  expect((await world.ask(act, { body: live })).status).toBe(202);
  return server;
}

const block = { source_type: 'image', destination_type: 'local', uuid: imageId, boot_index: 0 };
const boot = 'POST /v2.1/servers';

const cases: Case[] = [
  {
    rule: `${o}:os-extended-server-attributes`,
    has: async (as) => 'OS-EXT-SRV-ATTR:host' in (await show(as, (await aRunning()).id)),
  },
  {
    rule: `${o}:servers:show:host_status`,
    has: async (as) => (await show(as, (await aRunning()).id)).host_status === 'UP',
  },
  {
    rule: `${o}:servers:show:flavor-extra-specs`,
    has: async (as) => 'extra_specs' in (await show(as, (await world.server()).id)).flavor,
    ofMembers: true,
  },
  {
    rule: 'compute:server:topology:host:index',
    has: async (as) => {
      const { id, hostId } = await aRunning();
      const claims = [{ serverId: id, node: 1, vcpus: 1, memoryMib: 64, cpus: [] }];
      await world.db
        .updateTable('compute_nodes')
        .set({ numa_topology: JSON.stringify({ nodes: [], claims }) })
        .where('uuid', '=', hostId ?? '')
        .execute();
      const { body } = await world.ask(`GET /v2.1/servers/${id}/topology`, { as });
      return 'host_node' in body.nodes[0];
    },
  },
  {
    rule: `${o}:os-instance-actions:events`,
    has: async (as) => 'host' in (await eventOf(as)),
  },
  {
    rule: `${o}:os-instance-actions:events:details`,
    has: async (as) => 'details' in (await eventOf(as)),
  },
  {
    rule: `${o}:os-lock-server:unlock:unlock_override`,
    has: async (as) => {
      const server = await aRunning({
        locked: true,
        lockedBy: 'admin',
      });
      const act = () => `POST /v2.1/servers/${server.id}/action`;
      return passes(`${o}:os-lock-server:unlock:unlock_override`, act, { unlock: null })(as);
    },
  },
  {
    rule: `${o}:os-shelve:unshelve_to_host`,
    has: async (as) => {
      const { id } = await world.server({ vmState: 'shelved_offloaded', taskState: null });
      const act = () => `POST /v2.1/servers/${id}/action`;
      const body = { unshelve: { host: 'host-1' } };
      return passes(`${o}:os-shelve:unshelve_to_host`, act, body)(as);
    },
  },
  {
    rule: `${o}:servers:allow_all_filters`,
    has: async (as) => {
      await aRunning();
      const { body } = await world.ask('GET /v2.1/servers?host=another', { as });
      return body.servers.length === 0;
    },
  },
  {
    rule: `${o}:servers:index:get_all_tenants`,
    has: passes(`${o}:servers:index:get_all_tenants`, () => 'GET /v2.1/servers?all_tenants=1'),
  },
  {
    rule: `${o}:servers:detail:get_all_tenants`,
    has: passes(
      `${o}:servers:detail:get_all_tenants`,
      () => 'GET /v2.1/servers/detail?all_tenants=1',
    ),
  },
  {
    rule: `${o}:servers:create:attach_network`,
    has: passes(
      `${o}:servers:create:attach_network`,
      () => boot,
      bootBody({ networks: [{ port: portId }] }),
    ),
    ofMembers: true,
  },
  {
    rule: `${o}:servers:create:attach_volume`,
    has: passes(
      `${o}:servers:create:attach_volume`,
      () => boot,
      bootBody({ block_device_mapping_v2: [block] }),
    ),
    ofMembers: true,
  },
  {
    rule: `${o}:servers:create:forced_host`,
    has: passes(
      `${o}:servers:create:forced_host`,
      () => boot,
      bootBody({ availability_zone: 'nova:host-1' }),
    ),
  },
  {
    rule: 'compute:servers:create:requested_destination',
    has: passes(
      'compute:servers:create:requested_destination',
      () => boot,
      bootBody({ host: 'host-1' }),
    ),
  },
  {
    rule: `${o}:os-server-groups:index:all_projects`,
    has: async (as) => {
      const made = { id: world.context.newId(), name: 'g', projectId: otherProjectId, userId: 'u' };
      await world.store.serverGroups.create(
        { ...made, policy: 'affinity', maxServersPerHost: null },
        world.context.configuredQuotas(otherProjectId),
      );
      const answer = await world.ask('GET /v2.1/os-server-groups?all_projects=1', { as });
      return answer.status === 200 && answer.body.server_groups.length > 0;
    },
  },
  {
    rule: `${o}:limits:other_project`,
    has: passes(`${o}:limits:other_project`, () => `GET /v2.1/limits?tenant_id=${otherProjectId}`),
  },
];

test.each(cases)(
  '$rule: by default, and overridden both ways',
  async ({ rule, has, ofMembers }) => {
    expect(await has('admin')).toBe(true);
    expect(await has('member')).toBe(ofMembers === true);
    world.useRules({ [rule]: '!' });
    expect(await has('admin')).toBe(false);
    world.useRules({ [rule]: '@' });
    expect(await has('member')).toBe(true);
  },
);

test('host_status UNKNOWN may be shown alone', async () => {
  world.useRules({ [`${o}:servers:show:host_status:unknown-only`]: 'role:member' });
  const { id } = await aRunning();
  expect(await show('member', id)).not.toHaveProperty('host_status');
  world.time.now += 600_000;
  expect(await show('member', id)).toHaveProperty('host_status', 'UNKNOWN');
  expect(await show('reader', id)).not.toHaveProperty('host_status');
});

test('a manager lists the migrations of the project, without hosts', async () => {
  const server = await aLiveMigration();
  const hosts = ({ source_compute: name, source_node: node }: Record<string, unknown>) => [
    name,
    node,
  ];
  const ofServer = `GET /v2.1/servers/${server.id}/migrations`;
  const list = async (act: string, as: string) => world.ask(act, { as });
  expect((await list(ofServer, 'manager')).body.migrations.map(hosts)).toEqual([[null, null]]);
  expect((await list(ofServer, 'admin')).body.migrations.map(hosts)).toEqual([
    ['host-1', 'host-1'],
  ]);
  const own = `GET /v2.1/os-migrations?project_id=${projectId}`;
  expect((await list(own, 'manager')).body.migrations.map(hosts)).toEqual([[null, null]]);
  expect((await list(own, 'admin')).body.migrations.map(hosts)).toEqual([['host-1', 'host-1']]);
  const all = await list('GET /v2.1/os-migrations', 'manager');
  expect(faultOf(all).message).toContain(`${o}:os-migrations:index:all_projects`);
  const probe = await list(`${own}&host=host-1`, 'manager');
  expect(faultOf(probe).message).toContain(`${o}:os-migrations:index:host`);
  world.useRules({
    [`${o}:os-migrations:index:host`]: '@',
    [`${o}:os-migrations:index:all_projects`]: '@',
    [`${o}:servers:migrations:index:host`]: '@',
  });
  const shown = await list('GET /v2.1/os-migrations?host=host-1', 'manager');
  expect(shown.body.migrations.map(hosts)).toEqual([['host-1', 'host-1']]);
  expect((await list(ofServer, 'manager')).body.migrations.map(hosts)).toEqual([
    ['host-1', 'host-1'],
  ]);
});

test.each([
  ['migrate', { migrate: { host: 'host-2' } }, { migrate: null }],
  [
    'migrate_live',
    { 'os-migrateLive': { host: 'host-2', block_migration: 'auto' } },
    { 'os-migrateLive': { host: null, block_migration: 'auto' } },
  ],
])('%s: a manager names no host', async (name, toHost, anywhere) => {
  await aRunning();
  await aHost(world.store, [], 'host-2');
  const act = async (body: object, as: string) => {
    const { id } = await aRunning();
    return world.ask(`POST /v2.1/servers/${id}/action`, { as, body });
  };
  expect((await act(anywhere, 'manager')).status).toBe(202);
  expect(faultOf(await act(toHost, 'manager')).message).toContain(`:${name}:host to be`);
  expect((await act(toHost, 'admin')).status).toBe(202);
  world.useRules({ [`${o}:os-migrate-server:${name}`]: '!' });
  expect(faultOf(await act(anywhere, 'admin')).message).toContain(`:${name} to be`);
  expect((await act(toHost, 'admin')).status).toBe(202);
});

test('extra specs in views of flavors have the rule of their list', async () => {
  const shown = async (as: string) =>
    (await world.ask('GET /v2.1/flavors/detail', { as })).body.flavors[0];
  expect(await shown('reader')).toHaveProperty('extra_specs');
  expect(await shown('service')).not.toHaveProperty('extra_specs');
});

test('another volume in the body of a change is a swap', async () => {
  const { id } = await aRunning();
  const [one, two] = [imageId, portId];
  const act = `PUT /v2.1/servers/${id}/os-volume_attachments/${one}`;
  const body = (volumeId: string) => ({ volumeAttachment: { volumeId } });
  expect((await world.ask(act, { as: 'member', body: body(one) })).status).toBe(404);
  const swap = await world.ask(act, { as: 'member', body: body(two) });
  expect(faultOf(swap).message).toContain(':swap');
  expect((await world.ask(act, { as: 'admin', body: body(two) })).status).toBe(404);
});

test('who is an administrator is a rule too', async () => {
  const { id } = await aRunning({ projectId: otherProjectId });
  expect((await world.ask(`GET /v2.1/servers/${id}`, { as: 'manager' })).status).toBe(404);
  world.useRules({ context_is_admin: 'role:manager' });
  expect(await show('manager', id)).toHaveProperty('OS-EXT-SRV-ATTR:host');
});

test('every rule that decides something within a call has a test here', () => {
  const tested = new Set<string>([
    ...cases.map(({ rule }) => rule),
    `${o}:servers:show:host_status:unknown-only`,
    `${o}:os-migrations:index:all_projects`,
    `${o}:os-migrations:index:host`,
    `${o}:servers:migrations:index:host`,
  ]);
  const fine = Object.entries(standardRules).filter(([, { decides }]) => decides !== undefined);
  expect(fine.map(([name]) => name).filter((name) => !tested.has(name))).toEqual([]);
});
