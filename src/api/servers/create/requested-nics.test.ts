import { expect, test } from 'vitest';
import { networkId, portId } from '#test/worlds/compute-world.ts';
import type { CreateServerBody } from './create-schema.ts';
import { requestedNics } from './requested-nics.ts';

type Networks = CreateServerBody['server']['networks'];

const nic = { networkId: null, portId: null, fixedIp: null, tag: null };
const other = '913b0917-84f4-405b-a361-96b188737d16';

const read: { name: string; version: number; given: Networks; gives: unknown }[] = [
  { name: 'absent is unspecified', version: 1, given: undefined, gives: 'unspecified' },
  {
    name: 'an empty list is like an absent one before 2.37',
    version: 36,
    given: [],
    gives: 'unspecified',
  },
  { name: 'an empty list is no NIC since 2.37', version: 37, given: [], gives: 'none' },
  { name: 'auto', version: 37, given: 'auto', gives: 'auto' },
  {
    name: 'the order of the list is the order of the NICs',
    version: 79,
    given: [{ port: portId }, { uuid: networkId, fixed_ip: '10.20.0.9', tag: 'lan' }],
    gives: [
      { ...nic, portId },
      { ...nic, networkId, fixedIp: '10.20.0.9', tag: 'lan' },
    ],
  },
  {
    name: 'a port overrides the network beside it',
    version: 1,
    given: [{ port: portId, uuid: other }],
    gives: [{ ...nic, portId }],
  },
  {
    name: 'a null port is ignored',
    version: 1,
    given: [{ port: null, uuid: networkId }],
    gives: [{ ...nic, networkId }],
  },
  {
    name: 'one network may be named twice',
    version: 1,
    given: [{ uuid: networkId }, { uuid: networkId }],
    gives: [
      { ...nic, networkId },
      { ...nic, networkId },
    ],
  },
];

test.each(read)('networks: $name', ({ version, given, gives }) => {
  expect(requestedNics(given, version, 1)).toEqual(gives);
});

const refused: { name: string; given: Networks; count?: number; message: string }[] = [
  {
    name: 'neither network nor port',
    given: [{}],
    message: "networks[0]: Bad network format: missing 'uuid'",
  },
  {
    name: 'a network that is not a UUID',
    given: [{ uuid: 'red' }],
    message: 'networks[0]: Bad networks format: network uuid is not in proper format (red)',
  },
  {
    name: 'a fixed IP on a port',
    given: [{ uuid: networkId }, { port: portId, fixed_ip: '10.0.0.1' }],
    message: "networks[1]: Specified Fixed IP '10.0.0.1' cannot be used with port",
  },
  {
    name: 'an invalid fixed IP',
    given: [{ uuid: networkId, fixed_ip: '10.0.0.300' }],
    message: 'networks[0].fixed_ip. Value: 10.0.0.300. must be an IP address',
  },
  {
    name: 'one port for two servers',
    given: [{ port: portId }],
    count: 2,
    message: 'networks[0]: a port cannot be given to 2 servers',
  },
  {
    name: 'one address for two servers',
    given: [{ uuid: networkId, fixed_ip: '10.20.0.9' }],
    count: 2,
    message: 'networks[0]: a fixed IP cannot be given to 2 servers',
  },
];

test.each(refused)('networks: $name is refused', ({ given, count, message }) => {
  expect(() => requestedNics(given, 79, count ?? 1)).toThrow(message);
});
