/**
 * An unreadable row of the embedded services is refused by its id, and can be deleted; lists omit
 * it.
 */
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Answer,
  ask,
  type EmbeddedCloud,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let stranger: string;
beforeEach(async () => {
  cloud = await startEmbeddedCloud({ users: [{ name: 'eve', project: 'eve', role: 'member' }] });
  stranger = await cloud.signIn('eve', 'demo-secret', 'eve');
});
afterEach(() => cloud.stop());

const damage = (table: string, column: string, id: string, value = '{"a') =>
  sql`update ${sql.table(table)} set ${sql.ref(column)} = ${value} where id = ${id}`.execute(
    cloud.db,
  );

const send = (act: string, body?: unknown, token = cloud.demoToken) => {
  const app = act.includes('/v2/') ? cloud.image.app : cloud.network.app;
  return ask(app, act, { token, ...(body !== undefined && { body }) });
};

interface Kind {
  table: string;
  path: string;
  /** In messages. */
  name: string;
  columns: string[];
  make: () => Promise<{ id: string }>;
  change?: (id: string) => Promise<{ status: number }>;
}

const made = async (plural: string, singular: string, given: object) => {
  const { body } = await send(`POST /v2.0/${plural}`, { [singular]: given });
  return body[singular];
};
const newNetwork = () => made('networks', 'network', { name: 'n' });
const newSubnet = async () =>
  made('subnets', 'subnet', {
    network_id: (await newNetwork()).id,
    ip_version: 4,
    cidr: '10.0.0.0/24',
  });
const newGroup = () => made('security-groups', 'security_group', { name: 'g' });
const renamed = (plural: string, singular: string) => (id: string) =>
  send(`PUT /v2.0/${plural}/${id}`, { [singular]: { name: 'x' } });

const kinds: Kind[] = [
  {
    table: 'networks',
    path: '/v2.0/networks',
    name: 'Network',
    columns: ['tags', 'created_at'],
    make: newNetwork,
    change: renamed('networks', 'network'),
  },
  {
    table: 'subnets',
    path: '/v2.0/subnets',
    name: 'Subnet',
    columns: ['allocation_pools', 'dns_nameservers', 'host_routes', 'tags', 'updated_at'],
    make: newSubnet,
    change: renamed('subnets', 'subnet'),
  },
  {
    table: 'ports',
    path: '/v2.0/ports',
    name: 'Port',
    columns: ['security_group_ids', 'profile', 'vif_details', 'tags', 'created_at'],
    make: async () => made('ports', 'port', { network_id: (await newSubnet()).network_id }),
    change: renamed('ports', 'port'),
  },
  {
    table: 'security_groups',
    path: '/v2.0/security-groups',
    name: 'Security group',
    columns: ['tags', 'created_at'],
    make: newGroup,
    change: renamed('security-groups', 'security_group'),
  },
  {
    table: 'security_group_rules',
    path: '/v2.0/security-group-rules',
    name: 'Security group rule',
    columns: ['created_at', 'updated_at'],
    make: async () => (await newGroup()).security_group_rules[0],
  },
  {
    table: 'images',
    path: '/v2/images',
    name: 'Image',
    columns: ['tags', 'properties', 'created_at'],
    make: async () => (await send('POST /v2/images', { name: 'i' })).body,
    change: (id) =>
      ask(cloud.image.app, `PATCH /v2/images/${id}`, {
        token: cloud.demoToken,
        body: [{ op: 'replace', path: '/name', value: 'x' }],
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      }),
  },
];

const messageOf = ({ body }: Answer): string => body.NeutronError?.message ?? body.error?.message;

const rows = kinds.flatMap((kind) => kind.columns.map((column) => ({ ...kind, column })));

test.each(rows)(
  'damaged $column of $table is refused by its id, with the reason for administrators, and can be deleted',
  async ({ table, column, path, name, make, change }) => {
    const { id } = await make();
    await damage(table, column, id);
    const one = `${path}/${id}`;
    const field = column.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

    const mine = await send(`GET ${one}`);
    expect(mine.status).toBe(409);
    const expected = `${name} ${id} cannot be read: its record in the database is damaged`;
    expect(messageOf(mine)).toBe(`${expected}; it can be deleted.`);
    const admins = await send(`GET ${one}`, undefined, cloud.adminToken);
    expect(admins.status).toBe(409);
    expect(messageOf(admins)).toMatch(`${expected} (${field}: `);
    if (change !== undefined) expect((await change(id)).status).toBe(409);
    for (const method of ['GET', 'DELETE']) {
      expect((await send(`${method} ${one}`, undefined, stranger)).status).toBe(404);
    }

    const list = await send(`GET ${path}`);
    expect(list.status).toBe(200);
    expect(JSON.stringify(list.body)).not.toContain(`"id":"${id}"`);
    expect((await send(`DELETE ${one}`)).status).toBe(204);
    expect((await send(`GET ${one}`)).status).toBe(404);
  },
);

test('a network is not deleted while a port on it has a damaged record', async () => {
  const port = await made('ports', 'port', { network_id: (await newSubnet()).network_id });
  await damage('ports', 'profile', port.id);
  const refused = await send(`DELETE /v2.0/networks/${port.network_id}`);
  expect(refused.status).toBe(409);
  expect(messageOf(refused)).toContain(port.id);
  expect((await send(`DELETE /v2.0/ports/${port.id}`)).status).toBe(204);
  expect((await send(`DELETE /v2.0/networks/${port.network_id}`)).status).toBe(204);
});

test('a project whose default security group is damaged can still create ports and list its groups', async () => {
  const listed = await send('GET /v2.0/security-groups');
  const { id } = listed.body.security_groups[0];
  await damage('security_groups', 'tags', id);
  expect((await send('GET /v2.0/security-groups')).body).toEqual({ security_groups: [] });
  const port = await made('ports', 'port', { network_id: (await newSubnet()).network_id });
  expect(port.security_groups).toEqual([id]);
});

test('a document of the wrong type is damage too', async () => {
  const { id } = await newNetwork();
  await damage('networks', 'tags', id, '{}');
  const answer = await send(`GET /v2.0/networks/${id}`, undefined, cloud.adminToken);
  expect(messageOf(answer)).toContain('(tags: is no list)');
});
