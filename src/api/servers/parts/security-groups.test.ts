/** Security groups at boot, of a server, and in its views. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import {
  aComputeWorld,
  aPort,
  bootBody,
  type ComputeWorld,
  faultOf,
  flavorId,
  groupIds,
  imageId,
  networkId,
  portId,
} from '#test/worlds/compute-world.ts';
import { aNic } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const boot = (groups: object[], network: object = { uuid: networkId }) =>
  world.ask('POST /v2.1/servers', {
    as: 'member',
    body: bootBody({ networks: [network], security_groups: groups }),
  });
const madePorts = () =>
  [...world.ports.values()].filter(({ id }) => id !== portId).map((port) => port.securityGroupIds);

test.each([
  { groups: [{ name: 'web' }], gives: [groupIds.web] },
  { groups: [{ name: groupIds.web }], gives: [groupIds.web] },
  { groups: [{ name: 'web' }, { name: groupIds.web }], gives: [groupIds.web] },
  { groups: [{ name: 'default' }, { name: 'web' }], gives: [groupIds.default, groupIds.web] },
  { groups: [{ name: groupIds.twice }], gives: [groupIds.twice] },
  { groups: [{ name: 'default' }], gives: [groupIds.default] },
  { groups: [], gives: [groupIds.default] },
])('a port created by a boot with $groups has $gives', async ({ groups, gives }) => {
  const { status, body } = await boot(groups);
  expect(status).toBe(202);
  expect(madePorts()).toEqual([gives]);
  const { server } = (await world.ask(`GET /v2.1/servers/${body.server.id}`)).body;
  expect(server.security_groups).toHaveLength(gives.length);
});

test('groups do not change a port that the request brings', async () => {
  world.ports.set(portId, aPort(portId, { vnicType: 'normal', securityGroupIds: [] }));
  expect((await boot([{ name: groupIds.web }], { port: portId })).status).toBe(202);
  expect(world.ports.get(portId)?.securityGroupIds).toEqual([]);
});

test.each([
  { name: 'nosuch', code: 400 },
  { name: 'foreign', code: 400 },
  { name: groupIds.foreign, code: 400 },
  { name: 'twice', code: 409 },
])(
  'a boot with the group $name is refused with $code, even with its own port',
  async ({ name, code }) => {
    world.ports.set(portId, aPort(portId, { vnicType: 'normal' }));
    for (const network of [{ uuid: networkId }, { port: portId }]) {
      const fault = faultOf(await boot([{ name: 'default' }, { name }], network));
      expect(fault).toMatchObject({
        code,
        message: expect.stringContaining('security_groups[1].name'),
      });
    }
    expect(madePorts()).toEqual([]);
  },
);

async function serverWithTwoPorts() {
  const nics = [aNic({ portId, networkId }), aNic({ portId: imageId, networkId, position: 1 })];
  const { id } = await world.activeServer({ nics });
  world.ports.set(portId, aPort(portId, { deviceId: id, securityGroupIds: [groupIds.default] }));
  world.ports.set(imageId, aPort(imageId, { deviceId: id, securityGroupIds: [groupIds.web] }));
  return id;
}
const portGroups = () => [portId, imageId].map((id) => world.ports.get(id)?.securityGroupIds);
const act = (id: string, body: object, as = 'member') =>
  world.ask(`POST /v2.1/servers/${id}/action`, { as, body });

test.each(['member', 'admin'])(
  'a group is added to all ports of a server, and removed from those that have it: %s',
  async (as) => {
    const id = await serverWithTwoPorts();
    expect((await act(id, { addSecurityGroup: { name: 'web' } }, as)).status).toBe(202);
    expect(portGroups()).toEqual([[groupIds.default, groupIds.web], [groupIds.web]]);
    expect((await act(id, { removeSecurityGroup: { name: groupIds.web } }, as)).status).toBe(202);
    expect(portGroups()).toEqual([[groupIds.default], []]);
  },
);

test.each([
  { body: { addSecurityGroup: { name: 'nosuch' } }, code: 404 },
  { body: { addSecurityGroup: { name: 'twice' } }, code: 409 },
  { body: { addSecurityGroup: { name: groupIds.foreign } }, code: 404 },
  { body: { removeSecurityGroup: { name: groupIds.twice } }, code: 404 },
  { body: { removeSecurityGroup: {} }, code: 400 },
  { body: { addSecurityGroup: null }, code: 400 },
])('$body is refused with $code', async ({ body, code }) => {
  const id = await serverWithTwoPorts();
  expect(faultOf(await act(id, body)).code).toBe(code);
  expect(portGroups()).toEqual([[groupIds.default], [groupIds.web]]);
});

test.each([
  ['addSecurityGroup', [[groupIds.default, groupIds.web], [groupIds.web]]],
  ['removeSecurityGroup', [[groupIds.default], []]],
])('%s does not change another project’s port that names the server', async (what, groups) => {
  const id = await serverWithTwoPorts();
  const foreign = aPort(flavorId, {
    deviceId: id,
    projectId: 'another',
    portSecurityEnabled: what !== 'addSecurityGroup',
    securityGroupIds: [groupIds.web],
  });
  world.ports.set(foreign.id, foreign);
  expect((await act(id, { [what]: { name: groupIds.web } })).status).toBe(202);
  expect(portGroups()).toEqual(groups);
  expect(world.ports.get(foreign.id)).toEqual(foreign);
});

test('no group is added where a port cannot have one', async () => {
  const id = await serverWithTwoPorts();
  world.ports.set(imageId, aPort(imageId, { deviceId: id, portSecurityEnabled: false }));
  expect(faultOf(await act(id, { addSecurityGroup: { name: 'web' } }))).toMatchObject({
    code: 400,
    message: expect.stringContaining(imageId),
  });
  expect(world.ports.get(portId)?.securityGroupIds).toEqual([groupIds.default]);
});

test('a server shows the groups of its ports, also in lists and below itself', async () => {
  const id = await serverWithTwoPorts();
  const names = [{ name: 'default' }, { name: 'web' }];
  const get = async (path: string, version = '2.96') =>
    (await world.ask(`GET /v2.1/servers${path}`, { as: 'reader', version })).body;
  expect((await get(`/${id}`, '2.1')).server.security_groups).toEqual(names);
  expect((await get('/detail')).servers[0].security_groups).toEqual(names);
  expect((await get(`/${id}/os-security-groups`)).security_groups).toEqual([
    {
      id: groupIds.default,
      name: 'default',
      description: '',
      tenant_id: expect.any(String),
      rules: [],
    },
    { id: groupIds.web, name: 'web', description: '', tenant_id: expect.any(String), rules: [] },
  ]);
  const put = (version: string) =>
    world.ask(`PUT /v2.1/servers/${id}`, { version, body: { server: { name: 'n' } } });
  expect((await put('2.74')).body.server).not.toHaveProperty('security_groups');
  expect((await put('2.75')).body.server.security_groups).toEqual(names);
});

test('servers are shown without groups while the network service does not answer', async () => {
  const id = await serverWithTwoPorts();
  const { network } = world.context;
  network.listPortGroups = () => Promise.reject(new ComputeError('unavailable', 'no answer'));
  const { status, body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(status).toBe(200);
  expect(body.server).not.toHaveProperty('security_groups');
});

test('an attach that finds several networks is refused with 400', async () => {
  const { id } = await world.activeServer({ nics: [] });
  const one = { id: networkId, name: 'one', hasSubnet: true };
  world.context.network.listBootableNetworks = async () => [one, { ...one, id: imageId }];
  const answer = await world.ask(`POST /v2.1/servers/${id}/os-interface`, {
    body: { interfaceAttachment: {} },
  });
  expect(faultOf(answer)).toMatchObject({
    code: 400,
    message: expect.stringContaining('Multiple possible networks found'),
  });
});
