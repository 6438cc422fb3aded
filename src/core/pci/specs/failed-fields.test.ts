import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aCard } from '#test/hosts/pci-cards.ts';
import { admits, namedFinder } from './device-spec.ts';
import { failedFields, nearestEntry } from './failed-fields.ts';
import { parseDeviceSpecs } from './parse-device-specs.ts';

const functions = [...aCard({ vfs: 2 }), ...aCard({ bus: '5e', vfs: 1 })];
const [pf, vf] = functions;
const specsOf = (objects: object[]) =>
  parseDeviceSpecs(
    objects.map((object) => ({ object, source: 'x' })),
    functions,
  );

test('a device fails no key of an entry exactly when the entry matches it', () => {
  const entry = fc.record(
    {
      vendor_id: fc.constantFrom('15b3', '8086', '*'),
      product_id: fc.constantFrom('1017', '1018'),
      address: fc.constantFrom('0000:3b:00.0', '*:5e:*.*', '.1', '', { bus: '3' }),
      remote_managed: fc.constantFrom('false', 'true'),
    },
    { requiredKeys: [] },
  );
  const isRefused = (object: object) => 'remote_managed' in object && 'address' in object;
  fc.assert(
    fc.property(
      entry.filter((object) => !isRefused(object)),
      fc.constantFrom(...functions),
      (object, fn) => {
        const [spec] = specsOf([object]);
        expect(failedFields(spec!, fn, functions).length === 0).toBe(admits(spec!, fn, functions));
      },
    ),
  );
});

const rows = [
  {
    name: 'the one that fails in the fewest keys',
    fn: pf!,
    specs: [
      { vendor_id: '15b3', product_id: '1018', address: '5e:' },
      { vendor_id: '15b3', product_id: '1018' },
    ],
    gives: { entry: 1, failed: ['product_id'] },
  },
  {
    name: 'the first of equal ones',
    fn: vf!,
    specs: [
      { vendor_id: '15b3', address: '*:77:*.*' },
      { vendor_id: '15b3', devname: 'no0' },
    ],
    gives: { entry: 0, failed: ['address'] },
  },
  {
    name: 'the one whose address differs in one part, though it states nothing else',
    fn: vf!,
    specs: [
      { vendor_id: '15b3', product_id: '1017', address: '5e:1f.7' },
      { address: '0000:3b:00.7' },
    ],
    gives: { entry: 1, failed: ['address.function'] },
  },
  {
    name: 'one that matches another key rather than only an address',
    fn: vf!,
    specs: [{ address: '0000:3b:00.7' }, { product_id: '1018', address: '0000:3b:00.6' }],
    gives: { entry: 1, failed: ['address.function'] },
  },
  {
    name: 'none, when only the domain of an address matches',
    fn: pf!,
    specs: [{ address: '0000:77:*.*' }, { vendor_id: '8086', address: '0000:77:00.0' }],
    gives: undefined,
  },
  {
    name: 'none, when nothing matches',
    fn: pf!,
    specs: [{ vendor_id: '8086' }, { devname: 'no0', product_id: '1018' }],
    gives: undefined,
  },
];

test.each(rows)('the nearest entry is $name', ({ fn, specs, gives }) => {
  const entries = specsOf(specs).map((spec) => ({ spec, named: namedFinder(functions)(spec) }));
  const nearest = nearestEntry(entries, fn);
  expect(nearest && { entry: nearest.spec.entry, failed: nearest.failed }).toEqual(gives);
});
