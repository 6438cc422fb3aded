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
    name: 'live_migratable as text',
    given: { ...gpu, live_migratable: 'Yes' },
    spec: { vendor_id: '10de', product_id: '1db4', live_migratable: 'true' },
  },
  {
    name: 'live_migratable false as text',
    given: { ...gpu, live_migratable: 'no' },
    spec: { vendor_id: '10de', product_id: '1db4', live_migratable: 'false' },
  },
  {
    name: 'keys of Placement, beside ids',
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

test('a name may have 256 characters', () => {
  const [alias] = parse([{ ...gpu, name: 'x'.repeat(256) }]);
  expect(alias?.name).toHaveLength(256);
  expect(() => parse([{ ...gpu, name: 'x'.repeat(257) }])).toThrow('1 to 256 characters');
});

test('with Placement a resource class replaces the ids', () => {
  const byClass = { name: 'gpu', resource_class: 'CUSTOM_GPU' };
  const [alias] = parse([byClass], { pciInPlacement: true });
  expect(alias?.spec).toEqual([{ resource_class: 'CUSTOM_GPU' }]);
  expect(() => parse([byClass], { pciInPlacement: false })).toThrow(
    'alias "gpu": must have vendor_id and product_id',
  );
});

const typed = { ...gpu, device_type: 'type-PF' };

const refused: { given: unknown[]; options?: AliasOptions; message: string }[] = [
  { given: ['{'], message: '{: must be JSON (' },
  { given: [''], message: 'alias is empty: must be a JSON object' },
  { given: ['\u001b[2J'], message: 'alias \\u001b[2J: must be JSON (' },
  { given: ['null'], message: 'null: must be an object' },
  { given: ['7'], message: '7: must be an object' },
  { given: ['"gpu"'], message: '"gpu": must be an object' },
  { given: ['[]'], message: '[]: must be an object' },
  { given: [{ vendor_id: '10de', product_id: '1db4' }], message: ': must have a name' },
  { given: [{ ...gpu, name: '  ' }], message: ': must have a name' },
  { given: [{ ...gpu, name: '' }], message: 'name "": must be 1 to 256 characters' },
  {
    given: [{ ...gpu, vendor_id: 'x10de' }],
    message: 'vendor_id "x10de": must be four hexadecimal digits',
  },
  { given: [{ ...gpu, vendor_id: '10de0' }], message: 'vendor_id "10de0": must be four' },
  { given: [{ ...gpu, vendor_id: 1 }], message: 'vendor_id 1: must be four' },
  { given: [{ ...gpu, vendor_id: 4318 }], message: 'vendor_id 4318: must be four' },
  {
    given: [{ ...gpu, product_id: '01db4' }],
    message: 'product_id "01db4": must be four hexadecimal digits',
  },
  { given: [{ ...gpu, product_id: '1db4 ' }], message: 'product_id "1db4 ": must be four' },
  {
    given: [{ ...gpu, device_type: 'a type-PF' }],
    message: 'must be type-PCI, type-PF or type-VF',
  },
  { given: [{ ...gpu, device_type: 'vdpa' }], message: 'device_type "vdpa": must be' },
  { given: [{ ...gpu, device_type: 'type-VFs' }], message: 'device_type "type-VFs": must be' },
  {
    given: [{ ...gpu, capability_type: 'pcix' }],
    message: 'capability_type "pcix": must be "pci"',
  },
  { given: [{ ...gpu, capability_type: 'a pci' }], message: 'must be "pci"' },
  {
    given: [{ ...gpu, numa_policy: 'strict' }],
    message: 'must be required, socket, preferred, legacy',
  },
  { given: [{ ...gpu, resource_class: 1 }], message: 'resource_class 1: must be text' },
  { given: [{ ...gpu, traits: ['A'] }], message: 'traits ["A"]: must be text' },
  {
    given: [{ ...gpu, live_migratable: 'maybe' }],
    message: 'live_migratable "maybe": must be text such as "yes" or "no"',
  },
  {
    given: [{ ...gpu, live_migratable: true }],
    message: 'live_migratable true: must be text such as "yes" or "no"',
  },
  {
    given: [{ ...gpu, address: '*' }],
    message: 'key "address": must be one of name, capability_type',
  },
  {
    given: [{ name: 'gpu', vendor_id: '10de' }],
    message: '"gpu": must have vendor_id and product_id',
  },
  {
    given: [{ name: 'gpu', product_id: '1db4' }],
    message: '"gpu": must have vendor_id and product_id',
  },
  {
    given: [{ name: 'gpu', vendor_id: '10de' }],
    options: { pciInPlacement: true },
    message: 'must have vendor_id and product_id, or resource_class',
  },
  {
    given: [gpu, gpu],
    options: { pciInPlacement: true },
    message: '"gpu": is defined twice; with pci_in_placement a name has one definition',
  },
  {
    given: [typed, { ...typed, numa_policy: 'socket' }],
    message: 'numa_policy "socket" must be that of its first definition, "legacy"',
  },
  { given: [gpu, gpu], message: 'every definition of one name must state the same device_type' },
  { given: [typed, gpu], message: 'must state the same device_type' },
];

describe('an invalid alias is refused with its source and the rule', () => {
  for (const { given, options, message } of refused) {
    test(message, () => {
      let error: unknown;
      try {
        parse(given, options);
      } catch (thrown) {
        error = thrown;
      }
      expect(isComputeError(error, 'invalid')).toBe(true);
      expect(String(error)).toContain('nova.conf:7: alias ');
      expect(String(error)).toContain(message);
    });
  }

  test('without Placement the message does not mention resource classes', () => {
    expect(() => parse([{ name: 'gpu' }])).toThrow(/product_id$/);
  });
});
