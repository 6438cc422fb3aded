/** Every key of a request is honoured or refused, in every resource. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
const ids: Record<string, string> = {};
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  ids['network'] = (await post('network', {})).body.network.id;
  ids['subnet'] = (
    await post('subnet', { network_id: ids['network'], cidr: '10.0.0.0/24' })
  ).body.subnet.id;
  ids['port'] = (await post('port', { network_id: ids['network'] })).body.port.id;
  ids['security_group'] = (await post('security_group', { name: 'g' })).body.security_group.id;
});
afterAll(() => cloud.stop());

const send = (act: string, body: unknown) =>
  ask(cloud.network.app, act, { token: cloud.adminToken, body });
const pathOf = (kind: string) => `/v2.0/${kind.replaceAll('_', '-')}s`;
const post = (kind: string, request: object) => send(`POST ${pathOf(kind)}`, { [kind]: request });
const put = (kind: string, wish: object) =>
  send(`PUT ${pathOf(kind)}/${ids[kind]}`, { [kind]: wish });

const kinds = ['network', 'subnet', 'port', 'security_group', 'security_group_rule'];
describe.each(kinds)('a new %s', (kind) => {
  test('refuses an unknown key, and one that is read-only', async () => {
    const unknown = await post(kind, { bogus: 1, vlan: 2 });
    expect([unknown.status, unknown.body.NeutronError]).toEqual([
      400,
      { type: 'HTTPBadRequest', message: "Unrecognized attribute(s) 'bogus, vlan'", detail: '' },
    ]);
    const shown = await post(kind, { id: 'x' });
    expect([shown.status, shown.body.NeutronError.message]).toEqual([
      400,
      "Attribute 'id' not allowed in POST",
    ]);
  });

  test('refuses a key beside it, and a value that is not an object', async () => {
    expect((await send(`POST ${pathOf(kind)}`, { [kind]: {}, bogus: 1 })).status).toBe(400);
    for (const wish of [null, 'x', [], 1]) {
      expect((await send(`POST ${pathOf(kind)}`, { [kind]: wish })).status).toBe(400);
    }
  });

  test.each([
    ['description', 1],
    ['description', null],
    ['project_id', 7],
    ['project_id', null],
  ])('refuses %s %j', async (key, value) => {
    const { status, body } = await post(kind, {
      network_id: ids['network'],
      cidr: '10.9.0.0/24',
      [key]: value,
    });
    expect([status, body.NeutronError.message]).toEqual([400, expect.anything()]);
  });
});

describe.each(kinds.slice(0, 4))('a change of a %s', (kind) => {
  test('refuses an unknown key, and one that cannot change', async () => {
    const unknown = await put(kind, { bogus: 1 });
    expect([unknown.status, unknown.body.NeutronError.message]).toEqual([
      400,
      "Unrecognized attribute(s) 'bogus'",
    ]);
    for (const key of ['id', 'created_at', 'project_id', 'tags']) {
      const { status, body } = await put(kind, { name: 'changed', [key]: 'x' });
      expect([status, body.NeutronError.message]).toEqual([
        400,
        `Cannot update read-only attribute ${key}`,
      ]);
    }
    const { body } = await ask(cloud.network.app, `GET ${pathOf(kind)}/${ids[kind]}`, {
      token: cloud.adminToken,
    });
    expect(body[kind].name).not.toBe('changed');
  });
});

const inner = [
  ['subnet', { host_routes: [{ destination: '10.1.0.0/24', nexthop: '10.0.0.9', metric: 5 }] }],
  ['subnet', { allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.9', step: 2 }] }],
  ['port', { fixed_ips: [{ ip_address: '10.0.0.9', mac: 'x' }] }],
  ['port', { fixed_ips: Array.from({ length: 17 }, () => ({})) }],
] as const;
test.each(inner)('the parts of a %s are checked too: %j', async (kind, wish) => {
  expect((await put(kind, wish)).status).toBe(400);
});

describe('accepted keys take effect', () => {
  test('pools of a subnet change; invalid ones are refused', async () => {
    const pools = [{ start: '10.0.0.100', end: '10.0.0.110' }];
    const { status, body } = await put('subnet', { allocation_pools: pools });
    expect([status, body.subnet.allocation_pools]).toEqual([200, pools]);
    const { port } = (await post('port', { network_id: ids['network'] })).body;
    expect(port.fixed_ips[0].ip_address).toBe('10.0.0.100');
    const outside = [{ start: '10.1.0.1', end: '10.1.0.2' }];
    expect((await put('subnet', { allocation_pools: outside })).status).toBe(400);
  });

  test('a gateway cannot be in a pool', async () => {
    const { status, body } = await put('subnet', { gateway_ip: '10.0.0.105' });
    expect([status, body.NeutronError.type]).toEqual([409, 'GatewayConflictWithAllocationPools']);
    expect((await put('subnet', { gateway_ip: null })).body.subnet.gateway_ip).toBeNull();
  });

  test('null empties a list', async () => {
    await put('subnet', { dns_nameservers: ['9.9.9.9'] });
    const { subnet } = (await put('subnet', { dns_nameservers: null, host_routes: null })).body;
    expect([subnet.dns_nameservers, subnet.host_routes]).toEqual([[], []]);
    expect((await put('port', { security_groups: null })).body.port.security_groups).toEqual([]);
  });
});
