/** Several of a resource in one request: all or none. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';
import { mostAtOnce } from './create-many.ts';

let cloud: EmbeddedCloud;
let network: string;
let group: string;
beforeAll(async () => {
  cloud = await startEmbeddedCloud({ limits: { ports: 8, networks: 4 } });
  network = (await post('networks', { network: { name: 'red' } })).body.network.id;
  await post('subnets', { subnet: { network_id: network, cidr: '10.0.0.0/24' } });
  group = (await post('security-groups', { security_group: { name: 'web' } })).body.security_group
    .id;
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown) =>
  ask(cloud.network.app, act, { token: cloud.demoToken, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown) => send(`POST /v2.0/${path}`, body);
const ports = async () => (await send('GET /v2.0/ports')).body.ports;
const named = (name: string) => ({ network_id: network, name });

describe('what is created', () => {
  test('ports, in their order, each with its own address', async () => {
    const { status, body } = await post('ports', { ports: ['a', 'b', 'c'].map(named) });
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(['ports']);
    expect(body.ports.map(({ name }: { name: string }) => name)).toEqual(['a', 'b', 'c']);
    const addresses = body.ports.map(
      (port: { fixed_ips: { ip_address: string }[] }) => port.fixed_ips[0]?.ip_address,
    );
    expect(new Set(addresses).size).toBe(3);
    for (const { id } of body.ports) await send(`DELETE /v2.0/ports/${id}`);
  });

  test('items with the singular around them', async () => {
    const { status, body } = await post('ports', { ports: [{ port: named('wrapped') }] });
    expect([status, body.ports[0].name]).toEqual([201, 'wrapped']);
    await send(`DELETE /v2.0/ports/${body.ports[0].id}`);
  });

  test('networks, subnets, security groups and rules', async () => {
    const networks = await post('networks', { networks: [{ name: 'n1' }, { name: 'n2' }] });
    expect(networks.status).toBe(201);
    const [one, two] = networks.body.networks;
    expect(one['id']).not.toBe(two.id);
    const subnets = await post('subnets', {
      subnets: [
        { network_id: one.id, cidr: '10.1.0.0/24' },
        { network_id: one.id, cidr: '10.2.0.0/24' },
      ],
    });
    expect(subnets.body.subnets.map(({ cidr }: { cidr: string }) => cidr)).toEqual([
      '10.1.0.0/24',
      '10.2.0.0/24',
    ]);
    const groups = await post('security-groups', {
      security_groups: [{ name: 'g1' }, { name: 'g2' }],
    });
    expect(groups.body.security_groups).toHaveLength(2);
    const rule = { security_group_id: group, direction: 'ingress', protocol: 'tcp' };
    const rules = await post('security-group-rules', {
      security_group_rules: [22, 80].map((port) => ({
        ...rule,
        port_range_min: port,
        port_range_max: port,
      })),
    });
    expect(rules.status).toBe(201);
    expect(rules.body.security_group_rules).toHaveLength(2);
  });
});

describe('when one cannot be created, none is', () => {
  test('an error names the item, in Neutron’s type', async () => {
    const request = { ports: [named('x'), { network_id: 'nope' }] };
    const { status, body } = await post('ports', request);
    expect([status, body.NeutronError]).toEqual([
      404,
      {
        type: 'NetworkNotFound',
        message: 'ports[1]: Network nope could not be found.',
        detail: '',
      },
    ]);
    expect(await ports()).toEqual([]);
  });

  test('an address that two of them request', async () => {
    const fixed_ips = [{ ip_address: '10.0.0.9' }];
    const wish = { ports: [1, 2].map((index) => ({ ...named(`p${index}`), fixed_ips })) };
    expect((await post('ports', wish)).status).toBe(409);
    expect(await ports()).toEqual([]);
  });

  test('the quota counts for all of them', async () => {
    const wish = { ports: Array.from({ length: 9 }, (_, index) => named(`p${index}`)) };
    const { status, body } = await post('ports', wish);
    expect([status, body.NeutronError.type]).toEqual([409, 'OverQuota']);
    expect(body.NeutronError.message).toContain('0 of 8 ports and asks for 9 more');
    expect(await ports()).toEqual([]);
  });

  test('a key that one of them does not have', async () => {
    const wish = { ports: [named('x'), { ...named('y'), vlan: 3 }] };
    const { status, body } = await post('ports', wish);
    expect([status, body.NeutronError.message]).toEqual([
      400,
      "ports[1]: Unrecognized attribute(s) 'vlan'",
    ]);
    expect(await ports()).toEqual([]);
  });

  test('one whose body is wrong is refused before any quota is counted', async () => {
    const many = Array.from({ length: 9 }, () => named('x'));
    const { status, body } = await post('ports', {
      ports: [...many, { network_id: network, name: 7 }],
    });
    expect([status, body.NeutronError.message]).toEqual([
      400,
      'ports[9]: port.name: 7 is not allowed: must be string',
    ]);
  });

  test('a rule whose body is wrong is named', async () => {
    const rule = { security_group_id: group, direction: 'ingress' };
    const { body } = await post('security-group-rules', {
      security_group_rules: [rule, { ...rule, direction: 'up' }],
    });
    expect(body.NeutronError.message).toBe(
      'security_group_rules[1]: security_group_rule.direction: "up" is not allowed: must be one of ingress, egress',
    );
  });

  test('rules of two groups, and the same rule twice', async () => {
    const rule = { security_group_id: group, direction: 'ingress', protocol: 'udp' };
    const other = (await send('GET /v2.0/security-groups?name=default')).body.security_groups[0].id;
    const apart = await post('security-group-rules', {
      security_group_rules: [rule, { ...rule, security_group_id: other }],
    });
    expect([apart.status, apart.body.NeutronError.type]).toEqual([
      400,
      'SecurityGroupNotSingleGroupRules',
    ]);
    const twice = await post('security-group-rules', { security_group_rules: [rule, rule] });
    expect([twice.status, twice.body.NeutronError.type]).toEqual([
      409,
      'DuplicateSecurityGroupRuleInPost',
    ]);
    const { body } = await send(`GET /v2.0/security-group-rules?security_group_id=${group}`);
    expect(
      body.security_group_rules.filter(({ protocol }: { protocol: string }) => protocol === 'udp'),
    ).toEqual([]);
  });
});

const refusals = [
  { given: { ports: [] }, gives: 'ports: Resources required' },
  { given: { ports: { name: 'x' } }, gives: 'ports: must be a list' },
  { given: { ports: null }, gives: 'ports: must be a list' },
  { given: { ports: ['x'] }, gives: 'ports[0]: must be an object' },
  { given: { ports: [[]] }, gives: 'ports[0]: must be an object' },
  { given: { ports: [{}], port: {} }, gives: "body: unknown key 'port' next to 'ports'" },
  {
    given: { ports: Array.from({ length: mostAtOnce + 1 }, () => ({})) },
    gives: `ports: ${mostAtOnce + 1} are too many at once: at most ${mostAtOnce}`,
  },
];
test.each(refusals)('$gives', async ({ given, gives }) => {
  const { status, body } = await post('ports', given);
  expect([status, body.NeutronError.message]).toEqual([400, gives]);
});

test('a change applies to one only', async () => {
  const { status } = await send(`PUT /v2.0/networks/${network}`, { networks: [{ name: 'x' }] });
  expect(status).toBe(400);
});

test('other requests are served while many are created', async () => {
  const group = (await post('security-groups', { security_group: { name: 'busy' } })).body;
  const rules = Array.from({ length: mostAtOnce }, (_, at) => ({
    security_group_id: group.security_group.id,
    direction: 'ingress',
    protocol: 'tcp',
    port_range_min: at + 1,
    port_range_max: at + 1,
  }));
  const others = { turns: 0, isOver: false };
  const counting = (async () => {
    for (; !others.isOver; others.turns += 1) await afterEvents();
  })();
  expect((await post('security-group-rules', { security_group_rules: rules })).status).toBe(201);
  others.isOver = true;
  await counting;
  expect(others.turns).toBeGreaterThanOrEqual(mostAtOnce);
});
