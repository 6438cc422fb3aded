/** The keys of a security group and its rules. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let group: string;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  group = (await post('security-groups', { security_group: { name: 'web' } })).body.security_group
    .id;
});
afterAll(() => cloud.stop());

const send = (act: string, body?: unknown, token = cloud.demoToken) =>
  ask(cloud.network.app, act, { token, ...(body !== undefined && { body }) });
const post = (path: string, body: unknown, token?: string) =>
  send(`POST /v2.0/${path}`, body, token);
const newRule = (rule: object, token?: string) =>
  post(
    'security-group-rules',
    { security_group_rule: { security_group_id: group, direction: 'ingress', ...rule } },
    token,
  );

const kept = [
  {
    name: 'ports as text, a protocol in capitals, an address without a prefix length',
    given: {
      protocol: 'TCP',
      port_range_min: '22',
      port_range_max: 22,
      remote_ip_prefix: '192.0.2.7',
    },
    gives: {
      protocol: 'tcp',
      port_range_min: 22,
      port_range_max: 22,
      remote_ip_prefix: '192.0.2.7/32',
    },
  },
  {
    name: 'host bits, which the normalized CIDR does not have',
    given: { remote_ip_prefix: '192.0.2.7/24' },
    gives: { remote_ip_prefix: '192.0.2.7/24', normalized_cidr: '192.0.2.0/24' },
  },
  {
    name: 'an IPv6 prefix, and a type in lower case',
    given: { ethertype: 'ipv6', remote_ip_prefix: '2001:db8::/32' },
    gives: { ethertype: 'IPv6', remote_ip_prefix: '2001:db8::/32' },
  },
  { name: 'a protocol by number', given: { protocol: 47 }, gives: { protocol: '47' } },
  {
    name: 'all ports as no range',
    given: { protocol: 'sctp', port_range_min: 1, port_range_max: 65535 },
    gives: { port_range_min: null, port_range_max: null },
  },
  {
    name: 'ICMP with a type and a code',
    given: { protocol: 'icmp', port_range_min: 0, port_range_max: 0 },
    gives: { port_range_min: 0, port_range_max: 0 },
  },
  {
    name: 'ICMP of IPv6 by its old name',
    given: { ethertype: 'IPv6', protocol: 'icmp' },
    gives: { protocol: 'ipv6-icmp' },
  },
  {
    name: 'ICMP of IPv6 by its old number',
    given: { ethertype: 'IPv6', protocol: '1', remote_ip_prefix: 'fd00::/8' },
    gives: { protocol: '58' },
  },
  { name: 'any protocol', given: { protocol: 'any' }, gives: { protocol: null } },
];
test.each(kept)('keeps $name', async ({ given, gives }) => {
  const { status, body } = await newRule(given);
  expect([status, body.security_group_rule]).toEqual([201, expect.objectContaining(gives)]);
});

const tcp = { protocol: 'tcp', port_range_min: 80, port_range_max: 80 };
const refused = [
  ['SecurityGroupRuleInvalidProtocol', { protocol: 'bogus' }],
  ['SecurityGroupRuleInvalidProtocol', { protocol: 256 }],
  ['SecurityGroupRuleInvalidProtocol', { protocol: '-1' }],
  ['SecurityGroupRuleInvalidProtocol', { protocol: 'constructor' }],
  ['SecurityGroupInvalidPortValue', { ...tcp, port_range_min: -1 }],
  ['SecurityGroupInvalidPortValue', { ...tcp, port_range_max: 65536 }],
  ['SecurityGroupInvalidPortValue', { ...tcp, port_range_min: 0 }],
  ['SecurityGroupInvalidPortValue', { ...tcp, port_range_min: 'http' }],
  ['SecurityGroupInvalidPortRange', { ...tcp, port_range_max: 79 }],
  ['SecurityGroupInvalidPortRange', { protocol: 'tcp', port_range_min: 80 }],
  ['SecurityGroupProtocolRequiredWithPorts', { port_range_min: 80, port_range_max: 80 }],
  ['SecurityGroupInvalidProtocolForPort', { ...tcp, protocol: 'gre' }],
  ['SecurityGroupInvalidIcmpValue', { protocol: 'icmp', port_range_min: 256 }],
  ['SecurityGroupMissingIcmpType', { protocol: 'icmp', port_range_max: 4 }],
  ['SecurityGroupRuleInvalidEtherType', { ethertype: 'IPv5' }],
  ['SecurityGroupEthertypeConflictWithProtocol', { protocol: 'icmpv6' }],
  ['SecurityGroupEthertypeConflictWithProtocol', { protocol: '58' }],
  ['InvalidCIDR', { remote_ip_prefix: 'everywhere' }],
  ['InvalidCIDR', { remote_ip_prefix: '10.0.0.0/33' }],
  ['InvalidCIDR', { remote_ip_prefix: '10.0.0/24' }],
  ['SecurityGroupRuleParameterConflict', { remote_ip_prefix: 'fd00::/8' }],
] as const;
test.each(refused)('%s: %j', async (type, given) => {
  const { status, body } = await newRule(given);
  expect([status, body.NeutronError.type]).toEqual([400, type]);
  const [key = ''] = Object.keys(given);
  expect(body.NeutronError.message).toMatch(/^security_group_rule\.\w+: /);
  expect(Object.keys({ ...given, protocol: 0, ethertype: 0, [key]: 0 })).toContain(
    body.NeutronError.message.match(/\.(\w+):/)?.[1],
  );
});

describe('the references of a rule', () => {
  test('an existing group, and its own project', async () => {
    const other = (await post('security-groups', { security_group: { name: 'db' } })).body
      .security_group.id;
    const made = await newRule({ remote_group_id: other, protocol: 'tcp' });
    expect([made.status, made.body.security_group_rule.remote_group_id]).toEqual([201, other]);
    const both = await newRule({ remote_group_id: other, remote_ip_prefix: '10.0.0.0/8' });
    expect(both.body.NeutronError.type).toBe('SecurityGroupMultipleRemoteEntites');
    const { security_groups: foreign } = (
      await send('GET /v2.0/security-groups?name=default', undefined, cloud.adminToken)
    ).body;
    const admins = foreign.find(
      ({ project_id: project }: { project_id: string }) =>
        project !== made.body.security_group_rule.project_id,
    );
    for (const id of ['nope', admins.id]) {
      const { status, body } = await newRule({ remote_group_id: id });
      expect([status, body.NeutronError.type]).toEqual([404, 'SecurityGroupNotFound']);
      const into = await newRule({ security_group_id: id });
      expect([into.status, into.body.NeutronError.type]).toEqual([404, 'SecurityGroupNotFound']);
    }
  });

  test('the project of its group, and no other', async () => {
    const { status, body } = await newRule({ project_id: 'other' }, cloud.adminToken);
    expect([status, body.NeutronError.message]).toEqual([
      400,
      expect.stringMatching(/^security_group_rule\.project_id: 'other': /),
    ]);
    expect((await newRule({ project_id: 'other' })).status).toBe(403);
    const twice = await newRule({ project_id: 'a', tenant_id: 'b' }, cloud.adminToken);
    expect(twice.status).toBe(400);
  });
});

test('a duplicate rule is refused, in whatever spelling', async () => {
  const first = await newRule({ protocol: 'udp' });
  const { id } = first.body.security_group_rule;
  for (const again of [
    { protocol: 'udp' },
    { protocol: '17' },
    { protocol: 'UDP', remote_ip_prefix: '0.0.0.0/0', description: 'again' },
    { protocol: 'udp', port_range_min: 1, port_range_max: 65535 },
  ]) {
    const { status, body } = await newRule(again);
    expect([status, body.NeutronError]).toEqual([
      409,
      {
        type: 'SecurityGroupRuleExists',
        message: `Security group rule already exists. Rule id is ${id}.`,
        detail: '',
      },
    ]);
  }
  expect((await newRule({ protocol: 'udp', ethertype: 'IPv6' })).status).toBe(201);
});

describe('a group', () => {
  const change = (id: string, request: object) =>
    send(`PUT /v2.0/security-groups/${id}`, { security_group: request });

  test('changes its name and description, and keeps its rules', async () => {
    const { status, body } = await change(group, { name: 'www', description: 'of the web' });
    expect(status).toBe(200);
    expect(body.security_group).toMatchObject({ name: 'www', description: 'of the web' });
    expect(body.security_group.security_group_rules.length).toBeGreaterThan(2);
  });

  test('default keeps its name, and no other group takes it', async () => {
    const [own] = (await send('GET /v2.0/security-groups?name=default')).body.security_groups;
    const renamed = await change(own.id, { name: 'mine' });
    expect([renamed.status, renamed.body.NeutronError.type]).toEqual([
      409,
      'SecurityGroupCannotUpdateDefault',
    ]);
    expect((await change(own.id, { description: 'ours' })).status).toBe(200);
    for (const answer of [
      await change(group, { name: 'default' }),
      await post('security-groups', { security_group: { name: 'Default' } }),
    ]) {
      expect([answer.status, answer.body.NeutronError.type]).toEqual([
        409,
        'SecurityGroupDefaultAlreadyExists',
      ]);
    }
  });

  test('of another project is not found', async () => {
    const { body } = await post('security-groups', { security_group: {} }, cloud.adminToken);
    expect(body.security_group.name).toBe('');
    expect((await change(body.security_group.id, { name: 'x' })).status).toBe(404);
  });
});
