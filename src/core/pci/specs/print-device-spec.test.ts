import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectAnswersOrRefusals } from '#test/typed-errors.ts';
import { aCard } from '#test/hosts/pci-cards.ts';
import { checkDeviceSpecs } from './device-spec-check.ts';
import { parseDeviceSpecs } from './parse-device-specs.ts';
import { printDeviceSpec } from './print-device-spec.ts';

const functions = aCard({ vfs: 2 });
const parse = (object: unknown) =>
  parseDeviceSpecs([{ text: JSON.stringify(object), source: 'x:1' }], functions);

const hex = (max: number, width: number) =>
  fc.nat(max).map((value) => value.toString(16).padStart(width, '0'));
const part = (field: fc.Arbitrary<string>) => fc.oneof(field, fc.constantFrom('', '*'));
const addressText = fc
  .tuple(part(hex(0xffff, 4)), part(hex(0xff, 2)), part(hex(0x1f, 2)), part(hex(7, 1)))
  .chain(([domain, bus, slot, fn]) =>
    fc.constantFrom(`${domain}:${bus}:${slot}.${fn}`, `${bus}:${slot}.${fn}`, slot, `.${fn}`),
  );
const expression = fc.constantFrom('0', '0[0-9a-f]', '.*', '(00|1f)', '^3b$', '[1-7]');
const expressions = fc.record(
  { domain: expression, bus: expression, slot: expression, function: expression },
  { requiredKeys: [] },
);
const tags = fc.dictionary(
  fc.constantFrom('physical_network', 'trusted', 'managed', 'rack', 'traits'),
  fc.constantFrom('true', 'no', '1'),
);
const place = fc.oneof(
  fc.record({ address: fc.oneof(addressText, expressions) }),
  fc.record({ devname: fc.constantFrom('ens1', 'ens1v0') }),
  fc.constant({}),
);
const ids = fc.record(
  { vendor_id: part(hex(0xffff, 4)).map((id) => id || '*'), product_id: hex(0xffff, 4) },
  { requiredKeys: [] },
);
const entry = fc.tuple(ids, place, tags).map(([one, two, three]) => ({ ...one, ...two, ...three }));

test('an entry is unchanged by printing and parsing', () => {
  fc.assert(
    fc.property(entry, (object) => {
      const [spec] = parse(object);
      expect(parse(printDeviceSpec(spec!))).toEqual([spec]);
    }),
  );
});

test('a key that matches anything is not printed', () => {
  const [spec] = parse({ vendor_id: '*', address: '', devname: '', physical_network: null });
  expect(printDeviceSpec(spec!)).toEqual({ physical_network: null });
});

const wildKey = fc.constantFrom('vendor_id', 'device_id', 'address', 'devname', 'remote_managed');
const wildObject = fc.dictionary(fc.oneof(wildKey, fc.string()), fc.jsonValue({ maxDepth: 2 }));
const wildText = fc.oneof(
  fc.string(),
  fc.json(),
  wildObject.map((object) => JSON.stringify(object)),
  fc.array(wildObject, { maxLength: 3 }).map((list) => JSON.stringify(list)),
);

test('any option text is parsed, or refused with the typed error', () => {
  expectAnswersOrRefusals(
    wildText,
    '{"vendor_id": "8086", "physical_network": "physnet1"}',
    (text) => {
      const specs = parseDeviceSpecs([{ text, source: 'x:1' }], functions);
      checkDeviceSpecs(specs, functions);
    },
    { numRuns: 500 },
  );
});
