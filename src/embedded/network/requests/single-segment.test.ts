import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

const create = (network: object) =>
  ask(cloud.network.app, 'POST /v2.0/networks', { token: cloud.adminToken, body: { network } });

const segment = {
  'provider:network_type': 'vlan',
  'provider:physical_network': 'physnet1',
  'provider:segmentation_id': 77,
};

test('one segment in the form of several is the network’s own', async () => {
  const { status, body } = await create({ name: 'one', segments: [segment] });
  expect([status, body.network]).toEqual([201, expect.objectContaining(segment)]);
  expect(body.network).not.toHaveProperty('segments');
});

test.each([
  {
    name: 'beside provider keys',
    network: { 'provider:network_type': 'flat', segments: [segment] },
    message: 'network.segments: cannot be given together with provider:network_type',
  },
  {
    name: 'with an unknown key',
    network: { segments: [{ name: 'x' }] },
    message:
      'network.segments[0].name: unknown key; known are: provider:network_type, provider:physical_network, provider:segmentation_id',
  },
  {
    name: 'with an id out of range',
    network: { segments: [{ ...segment, 'provider:segmentation_id': 4095 }] },
    message: "network.provider:segmentation_id: '4095' is out of range",
  },
])('a segment $name is refused', async ({ network, message }) => {
  const { status, body } = await create(network);
  expect([status, body.NeutronError.message]).toEqual([400, expect.stringContaining(message)]);
});
