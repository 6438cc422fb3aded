/** Quotas of the network service: enforced on creation, and shown. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let project: string;
beforeAll(async () => {
  const limits = { networks: 2, subnets: 1, ports: 3, security_groups: 2, security_group_rules: 7 };
  cloud = await startEmbeddedCloud({ limits });
  project = (await cloud.identity.service.validate(cloud.demoToken)).projectId;
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown) =>
  ask(cloud.network.app, act, { token: cloud.demoToken, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown) => send(`POST /v2.0/${path}`, body);

test('requests beyond the quota are refused as by Neutron, also concurrent ones', async () => {
  const networks = await Promise.all(
    ['a', 'b', 'c'].map((name) => post('networks', { network: { name } })),
  );
  expect(networks.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 409]);
  expect(networks.find(({ status }) => status === 409)?.body.NeutronError).toEqual({
    type: 'OverQuota',
    message: `Quota exceeded for resources: ['network']: project ${project} has 2 of 2 networks and asks for 1 more.`,
    detail: '',
  });
  const id: string = networks.find(({ status }) => status === 201)?.body.network.id;
  const subnet = (cidr: string) => post('subnets', { subnet: { network_id: id, cidr } });
  expect((await subnet('10.0.0.0/24')).status).toBe(201);
  expect((await subnet('10.0.1.0/24')).status).toBe(409);
  const ports = await Promise.all(
    [1, 2, 3, 4, 5].map(() => post('ports', { port: { network_id: id } })),
  );
  expect(ports.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    201, 201, 201, 409, 409,
  ]);
  const group = (name: string) => post('security-groups', { security_group: { name } });
  const made = await group('web');
  expect(made.status).toBe(201);
  expect((await group('more')).body.NeutronError.message).toContain("['security_group',");
  const rule = (protocol: string) =>
    post('security-group-rules', {
      security_group_rule: {
        security_group_id: made.body.security_group.id,
        direction: 'ingress',
        protocol,
      },
    });
  expect((await rule('tcp')).status).toBe(201);
  expect((await rule('udp')).body.NeutronError.type).toBe('OverQuota');
});

test('quotas and their usage are shown', async () => {
  const { quota } = (await send(`GET /v2.0/quotas/${project}`)).body;
  expect((await send(`GET /v2.0/quotas/${project}/default`)).body).toEqual({ quota });
  expect(quota).toEqual({
    network: 2,
    subnet: 1,
    port: 3,
    security_group: 2,
    security_group_rule: 7,
  });
  const details = (await send(`GET /v2.0/quotas/${project}/details`)).body.quota;
  expect(details).toMatchObject({
    network: { limit: 2, used: 2, reserved: 0 },
    port: { limit: 3, used: 3, reserved: 0 },
    security_group_rule: { limit: 7, used: 7, reserved: 0 },
  });
});

test('an administrator sets quotas, which count at once, and resets them', async () => {
  const admin = (act: string, body?: unknown) =>
    ask(cloud.network.app, act, { token: cloud.adminToken, ...(body !== undefined && { body }) });
  const path = `/v2.0/quotas/${project}`;
  const standard = (await send(`GET ${path}`)).body.quota;
  const quota = { network: 3, port: -1 };
  const changed = await admin(`PUT ${path}`, { quota });
  expect(changed).toMatchObject({ status: 200, body: { quota: { ...standard, ...quota } } });
  expect((await send(`GET ${path}`)).body).toEqual(changed.body);
  expect((await send(`GET ${path}/default`)).body.quota).toEqual(standard);
  expect((await send(`GET ${path}/details`)).body.quota.network).toMatchObject({
    limit: 3,
    used: 2,
  });
  const checked = { ...quota, network: 1, check_limit: true };
  expect((await admin(`PUT ${path}`, { quota: checked })).body.NeutronError).toMatchObject({
    type: 'InvalidQuotaValue',
    message: expect.stringContaining('quota.network: the limit 1 is below the usage'),
  });
  expect((await send(`GET ${path}`)).body).toEqual(changed.body);
  expect((await admin(`PUT ${path}`, { quota: { ...quota, force: true } })).status).toBe(200);
  const networks = [];
  for (let made = 0; made < 2; made += 1) {
    networks.push((await post('networks', { network: { name: 'more' } })).status);
  }
  expect(networks).toEqual([201, 409]);
  const id = (await send('GET /v2.0/networks')).body.networks[0].id;
  expect((await post('ports', { port: { network_id: id } })).status).toBe(201);
  expect((await admin(`DELETE ${path}`)).status).toBe(204);
  expect((await send(`GET ${path}`)).body.quota).toEqual(standard);
  expect((await post('ports', { port: { network_id: id } })).status).toBe(409);
  expect((await admin(`DELETE ${path}`)).body.NeutronError.type).toBe('TenantQuotaNotFound');
});

test.each([
  { quota: { network: -2 } },
  { quota: { network: 'many' } },
  { quota: { router: 3 } },
  { quota: { network: 2 ** 31 } },
  {},
])('the quotas %j are refused, and set nothing', async (body) => {
  const act = `PUT /v2.0/quotas/${project}`;
  const reply = await ask(cloud.network.app, act, { token: cloud.adminToken, body });
  expect(reply.status).toBe(400);
  expect((await send(`PUT /v2.0/quotas/${project}`, { quota: { network: 9 } })).status).toBe(403);
  expect((await send(`GET /v2.0/quotas/${project}`)).body.quota.network).toBe(2);
});
