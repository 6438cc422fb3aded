import { describe, expect, test } from 'vitest';
import type { Network } from '../networking/port.ts';
import { isComputeError } from '../errors.ts';
import { parseAliases } from './alias.ts';
import { requestsForFlavor } from './flavor-request.ts';
import { type RequestingPort, requestForPort, requestsForPorts } from './port-request.ts';
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
    test(`asks for what a ${name} port needs`, () => {
      expect(requestForPort(port(given), 'red', 'request-1')).toEqual({
        requestId: 'request-1',
        count: 1,
        spec: [gives],
        aliasName: null,
        numaPolicy: null,
        requesterId: 'port-1',
      });
    });
  }
});

test('NICs are linked to their requests; a network and a normal port have none', () => {
  let last = 0;
  const network = { id: 'n', segments: [{ physicalNetwork: 'red' }] } as Network;
  const { requests, links } = requestsForPorts(
    [
      { port: null, network },
      { port: port({}), network },
      { port: port({ vnicType: 'normal' }), network },
      { port: port({ id: 'port-2', numaPolicy: 'required' }), network },
    ],
    { newId: () => `id-${++last}`, affinityPolicy: 'preferred' },
  );
  expect(links).toEqual([null, 0, null, 1]);
  expect(requests.map(({ requestId, numaPolicy }) => [requestId, numaPolicy])).toEqual([
    ['id-1', 'preferred'],
    ['id-2', 'required'],
  ]);
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

test('a flavor asks for every alias it names, any definition of which will do', () => {
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
      aliasName: 'gpu',
      numaPolicy: 'legacy',
      requesterId: null,
    },
    {
      requestId: 'id-2',
      count: 1,
      spec: [spec],
      aliasName: 'qat',
      numaPolicy: 'socket',
      requesterId: null,
    },
  ]);
});

const wrongDefinitions: { given: unknown[]; says: string }[] = [
  { given: ['{'], says: 'alias[0]: alias {: must be JSON' },
  { given: [[gpu]], says: 'must be an object' },
  { given: [{ ...gpu, name: ' ' }], says: 'must have a name' },
  { given: [{ ...gpu, vendor_id: '*' }], says: 'vendor_id "*": must be four hexadecimal digits' },
  { given: [{ ...gpu, device_type: 'VF' }], says: 'device_type "VF": must be type-PCI' },
  {
    given: [{ ...gpu, numa_policy: 'near' }],
    says: 'numa_policy "near": must be required, socket',
  },
  { given: [{ ...gpu, colour: 'red' }], says: 'key "colour": must be one of name,' },
  { given: [{ name: 'a', vendor_id: '10de' }], says: '"a": must have vendor_id and product_id' },
  {
    given: [gpu, { ...gpu, device_type: 'type-VF' }],
    says: 'alias[1]: alias "gpu": every definition',
  },
  {
    given: [gpu, { ...gpu, numa_policy: 'required' }],
    says: 'must be that of its first definition',
  },
];

describe('parseAliases', () => {
  for (const { given, says } of wrongDefinitions) {
    test(`refuses, naming the rule: ${says}`, () => {
      expect(() => aliases(...given)).toThrow(says);
    });
  }
});

const wrongFlavors: { given: string; rule: string }[] = [
  { given: '', rule: 'bad_alias_syntax' },
  { given: 'gpu', rule: 'bad_alias_syntax' },
  { given: 'gpu:1,', rule: 'bad_alias_syntax' },
  { given: 'gpu:one', rule: 'bad_alias_syntax' },
  { given: 'gpu:1:2', rule: 'bad_alias_syntax' },
  { given: 'tpu:1', rule: 'alias_not_defined' },
];

for (const { given, rule } of wrongFlavors) {
  test(`a flavor with alias "${given}" is refused: ${rule}`, () => {
    let error: unknown;
    try {
      requestsForFlavor({
        extraSpecs: { 'pci_passthrough:alias': given },
        aliases: aliases(gpu),
        newId: () => 'id',
      });
    } catch (thrown) {
      error = thrown;
    }
    expect(isComputeError(error, 'invalid')).toBe(true);
    expect(error).toMatchObject({ detail: rule });
  });
}

test('the policy of the flavor wins over that of the image, and both over that of the alias', () => {
  const policyWith = (extra: Record<string, string>) =>
    requestsForFlavor({
      extraSpecs: { 'pci_passthrough:alias': 'gpu:1', ...extra },
      aliases: aliases(gpu),
      affinityPolicy: 'preferred',
      newId: () => 'id',
    })[0]?.numaPolicy;
  expect(policyWith({})).toBe('preferred');
  expect(policyWith({ 'hw:pci_numa_affinity_policy': 'required' })).toBe('required');
});
