import { describe, expect, test } from 'vitest';
import { parseAliases } from './alias.ts';
import { requestsForFlavor } from './flavor-request.ts';
import { type RequestingPort, requestForPort } from '../../networking/port-request.ts';
import type { PciRequestSpec } from './request.ts';

const port = (change: Partial<RequestingPort>): RequestingPort => ({
  id: 'port-1',
  vnicType: 'direct',
  profile: {},
  ...change,
});
const local = { physical_network: 'red', remote_managed: 'False' };

const ports: { name: string; given: Partial<RequestingPort>; gives: PciRequestSpec }[] = [
  { name: 'direct', given: {}, gives: local },
  { name: 'macvtap', given: { vnicType: 'macvtap' }, gives: local },
  {
    name: 'direct-physical',
    given: { vnicType: 'direct-physical' },
    gives: { ...local, dev_type: 'type-PF' },
  },
  { name: 'vdpa', given: { vnicType: 'vdpa' }, gives: { ...local, dev_type: 'vdpa' } },
  {
    name: 'remote-managed',
    given: { vnicType: 'remote-managed' },
    gives: { ...local, remote_managed: 'True' },
  },
  { name: 'trusted', given: { profile: { trusted: 'yes' } }, gives: { ...local, trusted: 'True' } },
  {
    name: 'trusted by boolean',
    given: { profile: { trusted: true } },
    gives: { ...local, trusted: 'True' },
  },
  {
    name: 'untrusted',
    given: { profile: { trusted: 'false' } },
    gives: { ...local, trusted: 'False' },
  },
];

describe('requestForPort', () => {
  for (const { name, given, gives } of ports) {
    test(`a ${name} port requests what it needs`, () => {
      expect(requestForPort(port(given), 'red', 'request-1')).toEqual({
        requestId: 'request-1',
        count: 1,
        spec: [gives],
        needsInterface: given.vnicType === 'macvtap',
        aliasName: null,
        numaPolicy: null,
        requesterId: 'port-1',
      });
    });
  }
});

function aliases(...definitions: unknown[]) {
  return parseAliases(
    definitions.map((one, at) => ({
      text: typeof one === 'string' ? one : JSON.stringify(one),
      source: `alias[${at}]`,
    })),
  );
}

const gpu = { name: ' gpu ', vendor_id: '10de', product_id: '1db4', device_type: 'type-PCI' };

test('a flavor requests every alias that it names, with any definition of it', () => {
  let last = 0;
  const requests = requestsForFlavor({
    extraSpecs: { 'pci_passthrough:alias': 'gpu:2, qat :1' },
    aliases: aliases(
      gpu,
      { ...gpu, product_id: '20b0' },
      { ...gpu, name: 'qat', numa_policy: 'socket' },
    ),
    newId: () => `id-${++last}`,
  });
  const spec = { vendor_id: '10de', product_id: '1db4', dev_type: 'type-PCI' };
  expect(requests).toEqual([
    {
      requestId: 'id-1',
      count: 2,
      spec: [spec, { ...spec, product_id: '20b0' }],
      needsInterface: false,
      aliasName: 'gpu',
      numaPolicy: 'legacy',
      requesterId: null,
    },
    {
      requestId: 'id-2',
      count: 1,
      spec: [spec],
      needsInterface: false,
      aliasName: 'qat',
      numaPolicy: 'socket',
      requesterId: null,
    },
  ]);
});
