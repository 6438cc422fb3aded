import { describe, expect, test } from 'vitest';
import { isComputeError } from '../../errors.ts';
import { type AliasOptions, parseAliases } from './alias.ts';

const gpu = { name: 'gpu', vendor_id: '10de', product_id: '1db4' };

function parse(definitions: unknown[], options?: AliasOptions) {
  const texts = definitions.map((one) => ({
    text: typeof one === 'string' ? one : JSON.stringify(one),
    source: 'nova.conf:7',
  }));
  return parseAliases(texts, options);
}

const accepted = [
  { name: 'ids only', given: gpu, spec: { vendor_id: '10de', product_id: '1db4' } },
  {
    name: 'upper case',
    given: { ...gpu, vendor_id: '10DE' },
    spec: { vendor_id: '10DE', product_id: '1db4' },
  },
  {
    name: 'a device type',
    given: { ...gpu, device_type: 'type-VF' },
    spec: { vendor_id: '10de', product_id: '1db4', dev_type: 'type-VF' },
  },
  {
    name: 'a capability type',
    given: { ...gpu, capability_type: 'pci' },
    spec: { vendor_id: '10de', product_id: '1db4', capability_type: 'pci' },
  },
  {
    name: 'live_migratable as a word',
    given: { ...gpu, live_migratable: 'Yes' },
    spec: { vendor_id: '10de', product_id: '1db4', live_migratable: 'true' },
  },
  {
    name: 'live_migratable refused in a word',
    given: { ...gpu, live_migratable: 'no' },
    spec: { vendor_id: '10de', product_id: '1db4', live_migratable: 'false' },
  },
  {
    name: 'what Placement is asked for, beside ids',
    given: { ...gpu, resource_class: 'CUSTOM_GPU', traits: 'A,B' },
    spec: { vendor_id: '10de', product_id: '1db4', resource_class: 'CUSTOM_GPU', traits: 'A,B' },
  },
];

describe('an alias', () => {
  for (const { name, given, spec } of accepted) {
    test(`may have ${name}`, () => {
      expect(parse([given])).toEqual([{ name: 'gpu', numaPolicy: 'legacy', spec: [spec] }]);
    });
  }
});

test('a name of 256 characters is the longest', () => {
  const [alias] = parse([{ ...gpu, name: 'x'.repeat(256) }]);
  expect(alias?.name).toHaveLength(256);
  expect(() => parse([{ ...gpu, name: 'x'.repeat(257) }])).toThrow('1 to 256 characters');
});

test('with Placement a resource class stands for the ids', () => {
  const byClass = { name: 'gpu', resource_class: 'CUSTOM_GPU' };
  const [alias] = parse([byClass], { pciInPlacement: true });
  expect(alias?.spec).toEqual([{ resource_class: 'CUSTOM_GPU' }]);
  expect(() => parse([byClass], { pciInPlacement: false })).toThrow(
    'alias "gpu": must have vendor_id and product_id',
  );
});

const typed = { ...gpu, device_type: 'type-PF' };

const refused: { given: unknown[]; options?: AliasOptions; says: string }[] = [
  { given: ['{'], says: '{: must be JSON (' },
  { given: [''], says: 'alias is empty: must be a JSON object' },
  { given: ['\u001b[2J'], says: 'alias \\u001b[2J: must be JSON (' },
  { given: ['null'], says: 'null: must be an object' },
  { given: ['7'], says: '7: must be an object' },
  { given: ['"gpu"'], says: '"gpu": must be an object' },
  { given: ['[]'], says: '[]: must be an object' },
  { given: [{ vendor_id: '10de', product_id: '1db4' }], says: ': must have a name' },
  { given: [{ ...gpu, name: '  ' }], says: ': must have a name' },
  { given: [{ ...gpu, name: '' }], says: 'name "": must be 1 to 256 characters' },
  {
    given: [{ ...gpu, vendor_id: 'x10de' }],
    says: 'vendor_id "x10de": must be four hexadecimal digits',
  },
  { given: [{ ...gpu, vendor_id: '10de0' }], says: 'vendor_id "10de0": must be four' },
  { given: [{ ...gpu, vendor_id: 1 }], says: 'vendor_id 1: must be four' },
  { given: [{ ...gpu, vendor_id: 4318 }], says: 'vendor_id 4318: must be four' },
  {
    given: [{ ...gpu, product_id: '01db4' }],
    says: 'product_id "01db4": must be four hexadecimal digits',
  },
  { given: [{ ...gpu, product_id: '1db4 ' }], says: 'product_id "1db4 ": must be four' },
  {
    given: [{ ...gpu, device_type: 'a type-PF' }],
    says: 'must be type-PCI, type-PF or type-VF',
  },
  { given: [{ ...gpu, device_type: 'vdpa' }], says: 'device_type "vdpa": must be' },
  { given: [{ ...gpu, device_type: 'type-VFs' }], says: 'device_type "type-VFs": must be' },
  { given: [{ ...gpu, capability_type: 'pcix' }], says: 'capability_type "pcix": must be "pci"' },
  { given: [{ ...gpu, capability_type: 'a pci' }], says: 'must be "pci"' },
  {
    given: [{ ...gpu, numa_policy: 'strict' }],
    says: 'must be required, socket, preferred, legacy',
  },
  { given: [{ ...gpu, resource_class: 1 }], says: 'resource_class 1: must be text' },
  { given: [{ ...gpu, traits: ['A'] }], says: 'traits ["A"]: must be text' },
  {
    given: [{ ...gpu, live_migratable: 'maybe' }],
    says: 'live_migratable "maybe": must be a text such as "yes" or "no"',
  },
  {
    given: [{ ...gpu, live_migratable: true }],
    says: 'live_migratable true: must be a text such as "yes" or "no"',
  },
  {
    given: [{ ...gpu, address: '*' }],
    says: 'key "address": must be one of name, capability_type',
  },
  {
    given: [{ name: 'gpu', vendor_id: '10de' }],
    says: '"gpu": must have vendor_id and product_id',
  },
  {
    given: [{ name: 'gpu', product_id: '1db4' }],
    says: '"gpu": must have vendor_id and product_id',
  },
  {
    given: [{ name: 'gpu', vendor_id: '10de' }],
    options: { pciInPlacement: true },
    says: 'must have vendor_id and product_id, or resource_class',
  },
  {
    given: [gpu, gpu],
    options: { pciInPlacement: true },
    says: '"gpu": is defined twice; with pci_in_placement a name has one definition',
  },
  {
    given: [typed, { ...typed, numa_policy: 'socket' }],
    says: 'numa_policy "socket" must be that of its first definition, "legacy"',
  },
  { given: [gpu, gpu], says: 'every definition of one name must state the same device_type' },
  { given: [typed, gpu], says: 'must state the same device_type' },
];

describe('an alias is refused with its source and the rule', () => {
  for (const { given, options, says } of refused) {
    test(says, () => {
      let error: unknown;
      try {
        parse(given, options);
      } catch (thrown) {
        error = thrown;
      }
      expect(isComputeError(error, 'invalid')).toBe(true);
      expect(String(error)).toContain('nova.conf:7: alias ');
      expect(String(error)).toContain(says);
    });
  }

  test('without Placement the message does not speak of resource classes', () => {
    expect(() => parse([{ name: 'gpu' }])).toThrow(/product_id$/);
  });
});
