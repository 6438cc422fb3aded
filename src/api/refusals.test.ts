/** Bad input of every kind, and the answer. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aComputeWorld,
  type RequestOptions,
  bootBody,
  type ComputeWorld,
  faultOf,
  flavorId,
  imageId,
  networkId,
  otherProjectId,
  portId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeAll(async () => {
  world = await aComputeWorld();
});
afterAll(() => world.stop());

const good = { networks: [{ port: portId }] };
const create = (change: object): RequestOptions => ({ body: bootBody({ ...good, ...change }) });
const post = 'POST /v2.1/servers';

interface Refusal {
  name: string;
  act: string;
  given?: RequestOptions;
  gives: [number, string];
  expected: string;
}

const refusals: Refusal[] = [
  {
    name: 'bad JSON',
    act: post,
    given: { body: '{"server":' },
    gives: [400, 'badRequest'],
    expected: 'not valid JSON',
  },
  {
    name: 'no body',
    act: post,
    gives: [400, 'badRequest'],
    expected: 'The request body must be an object with server',
  },
  {
    name: 'a body of another media type',
    act: post,
    given: { body: 'name=s', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    gives: [415, 'badMediaType'],
    expected: 'Content-Type: application/x-www-form-urlencoded is not supported here',
  },
  {
    name: 'a body above the limit',
    act: post,
    given: create({ user_data: 'A'.repeat(2 ** 20) }),
    gives: [413, 'overLimit'],
    expected: 'bytes, and may have at most 1048576 bytes.',
  },
  {
    name: 'a sort direction that flavors do not have',
    act: 'GET /v2.1/flavors?sort_dir=up',
    gives: [400, 'badRequest'],
    expected: 'query parameters sort_dir. Value: up. must be one of asc, desc',
  },
  {
    name: 'a filter that hypervisors do not have from 2.53 on',
    act: 'GET /v2.1/os-hypervisors?hypervisor_hostname=host-1',
    given: { version: '2.53' },
    gives: [400, 'badRequest'],
    expected: "'hypervisor_hostname' was unexpected",
  },
  {
    name: 'an invalid flag of hypervisors',
    act: 'GET /v2.1/os-hypervisors?with_servers=perhaps',
    given: { version: '2.53' },
    gives: [400, 'badRequest'],
    expected: 'query parameters with_servers. Value: perhaps. must be a boolean',
  },
  {
    name: 'an unknown flavor',
    act: post,
    given: create({ flavorRef: '99' }),
    gives: [400, 'badRequest'],
    expected: 'Flavor 99 could not be found',
  },
  {
    name: 'an unknown image',
    act: post,
    given: create({ imageRef: networkId }),
    gives: [400, 'badRequest'],
    expected: `Image ${networkId} could not be found`,
  },
  {
    name: 'an unknown port',
    act: post,
    given: create({ networks: [{ port: imageId }] }),
    gives: [400, 'badRequest'],
    expected: `networks[0].port: Port id ${imageId} could not be found`,
  },
  {
    name: 'an unknown network',
    act: post,
    given: create({ networks: [{ uuid: imageId }] }),
    gives: [400, 'badRequest'],
    expected: `networks[0].uuid: Network ${imageId} could not be found`,
  },
  {
    name: 'an unknown key',
    act: post,
    given: create({ colour: 'red' }),
    gives: [400, 'badRequest'],
    expected: "Additional properties are not allowed ('colour' was unexpected)",
  },
  {
    name: 'an unknown key in a NIC',
    act: post,
    given: create({ networks: [{ port: portId, fixed: '10.0.0.1' }] }),
    gives: [400, 'badRequest'],
    expected:
      'field/attribute server.networks.0. Value: {"port":"4663c883-b605-492f-b563-aeff73508b53","fixed":"10.0.0.1"}. Additional properties are not allowed (\'fixed\' was unexpected)',
  },
  {
    name: 'a bad tag of a NIC, by its own rule',
    act: post,
    given: create({ networks: [{ port: portId, tag: 'a,b' }] }),
    gives: [400, 'badRequest'],
    expected: 'field/attribute server.networks.0.tag. Value: "a,b". must not hold',
  },
  {
    name: 'a port that is not a UUID',
    act: post,
    given: create({ networks: [{ port: 'mine' }] }),
    gives: [400, 'badRequest'],
    expected: 'server.networks.0.port. Value: "mine". must be a UUID, or must be null',
  },
  {
    name: 'a path with a broken escape',
    act: 'GET /v2.1/servers/%zz',
    gives: [400, 'badRequest'],
    expected: '%zz',
  },
  {
    name: 'a missing key',
    act: post,
    given: { body: { server: { name: 's', networks: 'none' } } },
    gives: [400, 'badRequest'],
    expected: "'flavorRef' is a required property",
  },
  {
    name: 'networks left out since 2.37',
    act: post,
    given: { body: { server: { name: 's', flavorRef: flavorId, imageRef: imageId } } },
    gives: [400, 'badRequest'],
    expected: "'networks' is a required property",
  },
  {
    name: 'a name of a wrong type',
    act: post,
    given: create({ name: 5 }),
    gives: [400, 'badRequest'],
    expected: 'Invalid input for field/attribute server.name. Value: 5. must be string',
  },
  {
    name: 'a name that ends in a blank',
    act: post,
    given: create({ name: 'web ' }),
    gives: [400, 'badRequest'],
    expected: 'server.name. Value: "web ". must not start or end with whitespace',
  },
  {
    name: 'a long name',
    act: post,
    given: create({ name: 'a'.repeat(256) }),
    gives: [400, 'badRequest'],
    expected: 'must not have more than 255 characters',
  },
  {
    name: 'counts in the wrong order',
    act: post,
    given: create({ min_count: 3, max_count: '2', networks: 'none' }),
    gives: [400, 'badRequest'],
    expected: 'min_count must be <= max_count: 3 is more than 2',
  },
  {
    name: 'user data that is not base64',
    act: post,
    given: create({ user_data: '#!/bin/sh' }),
    gives: [400, 'badRequest'],
    expected: 'user_data',
  },
  {
    name: 'an access address of the other family',
    act: post,
    given: create({ accessIPv4: '::1' }),
    gives: [400, 'badRequest'],
    expected: 'accessIPv4. Value: ::1. must be an IPv4 address',
  },
  {
    name: 'too much metadata',
    act: post,
    given: create({
      metadata: Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`k${at}`, 'v'])),
    }),
    gives: [403, 'forbidden'],
    expected: 'Maximum number of metadata items exceeds 128',
  },
  {
    name: 'a volume to boot from',
    act: post,
    given: create({
      imageRef: '',
      block_device_mapping_v2: [
        { uuid: imageId, source_type: 'volume', destination_type: 'volume', boot_index: 0 },
      ],
    }),
    gives: [400, 'badRequest'],
    expected: 'block_device_mapping_v2[0]: Block Device Mapping is Invalid',
  },
  {
    name: 'no image at all',
    act: post,
    given: create({ imageRef: '' }),
    gives: [400, 'badRequest'],
    expected: 'Invalid imageRef provided',
  },
  {
    name: 'an unknown key pair',
    act: post,
    given: create({ key_name: 'mine' }),
    gives: [400, 'badRequest'],
    expected: "Invalid key_name provided: no key pair 'mine'",
  },
  {
    name: 'an unknown zone',
    act: post,
    given: create({ availability_zone: 'mars' }),
    gives: [400, 'badRequest'],
    expected: "no host is in 'mars'",
  },
  {
    name: 'a requested host from a member',
    act: post,
    given: { ...create({ availability_zone: 'nova:host-1' }), as: 'member' },
    gives: [403, 'forbidden'],
    expected: "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.",
  },
  {
    name: 'a write from a reader',
    act: post,
    given: { ...create({}), as: 'reader' },
    gives: [403, 'forbidden'],
    expected: "Policy doesn't allow os_compute_api:servers:create to be performed.",
  },
  {
    name: 'hypervisors for a member',
    act: 'GET /v2.1/os-hypervisors',
    given: { as: 'member' },
    gives: [403, 'forbidden'],
    expected: "Policy doesn't allow os_compute_api:os-hypervisors:list to be performed.",
  },
  {
    name: 'all tenants for a member',
    act: 'GET /v2.1/servers?all_tenants=',
    given: { as: 'member' },
    gives: [403, 'forbidden'],
    expected: "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.",
  },
  {
    name: "operator's routes for a member",
    act: 'GET /novella/v1/pci/devices',
    given: { as: 'member' },
    gives: [403, 'forbidden'],
    expected: "Policy doesn't allow novella:devices to be performed.",
  },
  {
    name: 'a microversion out of range',
    act: 'GET /v2.1/servers',
    given: { version: '2.999' },
    gives: [406, 'computeFault'],
    expected: 'Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.96.',
  },
  {
    name: 'an invalid microversion',
    act: 'GET /v2.1/servers',
    given: { version: 'new' },
    gives: [400, 'badRequest'],
    expected: 'API Version String new is of invalid format',
  },
  {
    name: 'an unknown route',
    act: 'GET /v2.1/os-volumes',
    gives: [404, 'itemNotFound'],
    expected: 'could not be found',
  },
  {
    name: 'a route that the microversion does not have',
    act: 'GET /v2.1/servers/x/tags',
    given: { version: '2.25' },
    gives: [404, 'itemNotFound'],
    expected: 'The resource could not be found',
  },
  {
    name: 'another method',
    act: 'PUT /v2.1/servers',
    gives: [405, 'badMethod'],
    expected: 'it has POST, GET',
  },
  {
    name: 'an action that is not offered',
    act: 'POST /v2.1/servers/x/action',
    given: { body: { addFloatingIp: { address: '192.0.2.1' } }, version: '2.43' },
    gives: [501, 'notImplemented'],
    expected: 'POST /servers/:id/action addFloatingIp is not supported',
  },
  {
    name: 'an action that the microversion no longer has',
    act: 'POST /v2.1/servers/x/action',
    given: { body: { addFixedIp: { networkId } }, version: '2.44' },
    gives: [404, 'itemNotFound'],
    expected: 'The resource could not be found.',
  },
  {
    name: 'an unknown action',
    act: 'POST /v2.1/servers/x/action',
    given: { body: { dance: null } },
    gives: [400, 'badRequest'],
    expected: 'There is no such action: dance',
  },
  {
    name: 'two actions',
    act: 'POST /v2.1/servers/x/action',
    given: { body: { 'os-start': null, 'os-stop': null } },
    gives: [400, 'badRequest'],
    expected: 'the body has 2',
  },
  {
    name: 'an unknown query key since 2.75',
    act: 'GET /v2.1/servers?colour=red',
    gives: [400, 'badRequest'],
    expected: "Additional properties are not allowed ('colour' was unexpected)",
  },
  {
    name: 'an unknown marker',
    act: 'GET /v2.1/servers?marker=x',
    gives: [400, 'badRequest'],
    expected: 'marker [x] not found',
  },
  {
    name: 'a limit below 0',
    act: 'GET /v2.1/servers?limit=-1',
    gives: [400, 'badRequest'],
    expected: 'limit. Value: -1',
  },
  {
    name: 'an invalid date',
    act: 'GET /v2.1/servers?changes-since=yesterday',
    gives: [400, 'badRequest'],
    expected: 'changes-since. Value: yesterday',
  },
  {
    name: 'an unknown status since 2.38',
    act: 'GET /v2.1/servers?status=SLEEPY',
    gives: [400, 'badRequest'],
    expected: 'Invalid status value: SLEEPY',
  },
  {
    name: "another project's id in the path",
    act: `GET /v2.1/${otherProjectId}/servers`,
    gives: [400, 'badRequest'],
    expected: "doesn't match Context's project_id",
  },
];

test.each(refusals)('refused: $name', async ({ act, given, gives, expected }) => {
  const answer = await world.ask(act, given);
  const fault = faultOf(answer);
  expect([answer.status, fault.name, fault.code]).toEqual([gives[0], gives[1], gives[0]]);
  expect(fault.message).toContain(expected);
  const { body } = await world.ask('GET /v2.1/servers');
  expect(body, 'nothing of it is stored').toEqual({ servers: [] });
});
