/** The resources below a server: metadata, tags, addresses, interfaces. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  aPort,
  type ComputeWorld,
  faultOf,
  imageId,
  networkId,
  portId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

test('metadata is added, replaced, shown and removed by key', async () => {
  const { id } = await world.server({ metadata: { a: '1' } });
  const path = `/v2.1/servers/${id}/metadata`;
  const ask = (act: string, body?: object) => world.ask(act, { as: 'member', version: '', body });
  expect((await ask(`POST ${path}`, { metadata: { b: '2' } })).body).toEqual({
    metadata: { a: '1', b: '2' },
  });
  expect((await ask(`PUT ${path}/b`, { meta: { b: '3' } })).body).toEqual({ meta: { b: '3' } });
  expect((await ask(`GET ${path}/b`)).body).toEqual({ meta: { b: '3' } });
  expect((await ask(`PUT ${path}/b`, { meta: { c: '3' } })).status).toBe(400);
  expect((await ask(`DELETE ${path}/a`)).status).toBe(204);
  expect((await ask(`DELETE ${path}/a`)).status).toBe(404);
  expect((await ask(`GET ${path}`)).body).toEqual({ metadata: { b: '3' } });
  expect((await ask(`PUT ${path}`, { metadata: { z: '9' } })).body).toEqual({
    metadata: { z: '9' },
  });
  expect((await ask(`POST ${path}`, { metadata: { n: 5 } })).status).toBe(400);
});

test('a metadata key may be as long as its rule allows', async () => {
  const key = 'k'.repeat(255);
  const { id } = await world.server({ metadata: { [key]: '1' } });
  const { body } = await world.ask(`GET /v2.1/servers/${id}/metadata/${key}`);
  expect(body).toEqual({ meta: { [key]: '1' } });
});

test('tags are set one by one and as a list', async () => {
  const { id } = await world.server();
  const path = `/v2.1/servers/${id}/tags`;
  expect((await world.ask(`PUT ${path}/a`)).status).toBe(201);
  expect((await world.ask(`PUT ${path}/a`)).status).toBe(204);
  expect((await world.ask(`GET ${path}/a`)).status).toBe(204);
  expect((await world.ask(`GET ${path}/b`)).status).toBe(404);
  expect((await world.ask(`PUT ${path}/a,b`)).status).toBe(400);
  expect((await world.ask(`PUT ${path}`, { body: { tags: ['x', 'y'] } })).body.tags).toEqual([
    'x',
    'y',
  ]);
  expect((await world.ask(`DELETE ${path}/x`)).status).toBe(204);
  expect((await world.ask(`GET ${path}`)).body).toEqual({ tags: ['y'] });
  expect((await world.ask(`DELETE ${path}`)).status).toBe(204);
  expect((await world.ask(`GET ${path}`)).body).toEqual({ tags: [] });
});

test('addresses and interfaces are those of the NICs', async () => {
  const { id } = await world.activeServer();
  world.ports.set(portId, aPort(portId, { deviceId: id, status: 'ACTIVE' }));
  const ips = await world.ask(`GET /v2.1/servers/${id}/ips`);
  expect(ips.body).toEqual({ addresses: { red: [{ version: 4, addr: '10.20.0.5' }] } });
  const one = await world.ask(`GET /v2.1/servers/${id}/ips/red`);
  expect(one.body).toEqual({ red: [{ version: 4, addr: '10.20.0.5' }] });
  expect((await world.ask(`GET /v2.1/servers/${id}/ips/blue`)).status).toBe(404);
  const view = {
    net_id: networkId,
    port_id: portId,
    mac_addr: 'fa:16:3e:ed:9a:a9',
    port_state: 'ACTIVE',
    fixed_ips: [{ subnet_id: 'fa02dbd7-f333-460e-bf33-68e138f8dd60', ip_address: '10.20.2.100' }],
  };
  const list = await world.ask(`GET /v2.1/servers/${id}/os-interface`, { version: '2.69' });
  expect(list.body).toEqual({ interfaceAttachments: [view] });
  const shown = await world.ask(`GET /v2.1/servers/${id}/os-interface/${portId}`);
  expect(shown.body).toEqual({ interfaceAttachment: { ...view, tag: 'lan' } });
  const unknown = await world.ask(`GET /v2.1/servers/${id}/os-interface/${imageId}`);
  expect(unknown.status).toBe(404);
});

test.each([
  { path: 'os-volume_attachments?limit=5', key: 'volumeAttachments' },
  { path: 'os-security-groups', key: 'security_groups' },
])('a server has no $key', async ({ path, key }) => {
  const { id } = await world.server();
  expect((await world.ask(`GET /v2.1/servers/${id}/${path}`)).body).toEqual({ [key]: [] });
  expect((await world.ask(`GET /v2.1/servers/x/${path}`)).status).toBe(404);
});

const volume = '1b6d9f8e-0b5c-4d4a-8f0e-3a3f3f9f1a11';
const attachment = { volumeId: volume };
const noVolume = `Volume ${volume} could not be found.`;
test.each([
  { act: `GET ${volume}`, status: 404, message: `is not attached to volume ${volume}` },
  { act: 'POST', given: { ...attachment, device: '/dev/vdb' }, status: 404, message: noVolume },
  { act: 'POST', given: { ...attachment, device: 'nope!' }, status: 400, message: '/dev/vdb' },
  { act: 'POST', given: {}, status: 400, message: 'volumeId' },
  { act: 'POST', version: '2.48', given: { ...attachment, tag: 'a' }, status: 400, message: 'tag' },
  {
    act: 'POST',
    version: '2.49',
    given: { ...attachment, tag: 'a' },
    status: 404,
    message: noVolume,
  },
  { act: `PUT ${volume}`, given: attachment, status: 404, message: noVolume },
  { act: `PUT ${volume}`, given: { volumeId: 'x' }, status: 400, message: 'must be a UUID' },
  { act: `DELETE ${volume}`, status: 404, message: noVolume },
])('without a volume service $act in $version is $status: $message', async (row) => {
  const { act, version = '2.79', given, status, message } = row;
  const { id } = await world.server();
  const [method, ...below] = act.split(' ');
  const path = ['/v2.1/servers', id, 'os-volume_attachments', ...below].join('/');
  const body = given && { volumeAttachment: given };
  const answer = await world.ask(`${method} ${path}`, { version, ...(body && { body }) });
  expect(faultOf(answer)).toMatchObject({
    code: status,
    message: expect.stringContaining(message),
  });
});
