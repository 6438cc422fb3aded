import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePciAddress, printPciAddress } from '../devices/address.ts';
import type { PciFunction } from '../devices/device.ts';
import { compileDeviceSpecs } from './device-matcher.ts';
import { admits } from './device-spec.ts';
import { parseDeviceSpecs } from './parse-device-specs.ts';

function aFunction(change: Partial<PciFunction>): PciFunction {
  return {
    address: parsePciAddress('0000:0a:00.0'),
    vendorId: '8086',
    productId: '1572',
    deviceType: 'type-PF',
    parentAddress: null,
    numaNode: null,
    ifname: null,
    parentIfname: null,
    macAddress: null,
    capabilities: {},
    ...change,
  };
}

/**
 * Two PFs with two VFs each, on neighbouring buses of two domains, and a device that is neither.
 */
const host = [0, 1].flatMap((domain) => {
  const on = (fn: number) => printPciAddress({ domain, bus: 10 + domain, slot: 0, function: fn });
  const vf = { productId: '154c', deviceType: 'type-VF' as const, parentAddress: on(0) };
  return [
    aFunction({ address: on(0), ifname: `ens${domain}` }),
    aFunction({ address: on(1), ...vf, ifname: `ens${domain}v0` }),
    aFunction({ address: on(2), ...vf, capabilities: { vpd: { cardSerialNumber: 'S1' } } }),
    aFunction({ address: on(7), vendorId: '15b3', deviceType: 'type-PCI' }),
  ];
});

const entry = fc.record(
  {
    vendor_id: fc.constantFrom('8086', '15b3', '*'),
    product_id: fc.constantFrom('1572', '154c'),
    remote_managed: fc.constantFrom('false', 'false', 'yes'),
    place: fc.constantFrom<object>(
      {},
      { address: '0000:0a:00.0' },
      { address: '0001:0b:00.0' },
      { address: '0000:0a:00.1' },
      { address: '*:0b:*.*' },
      { address: '.2' },
      { address: { bus: '0[a-c]', function: '[1-7]' } },
      { devname: 'ens1' },
      { devname: 'ens0v0' },
      { devname: 'absent' },
    ),
  },
  { requiredKeys: ['place'] },
);

/** The host is left out, so that remote-managed entries for its PFs are not refused. */
function parse(entries: object[]) {
  return parseDeviceSpecs([{ source: 'test', object: entries }], []);
}

test('a compiled list finds the same entry for every function as checking entry by entry', () => {
  const lists = fc.array(entry, { maxLength: 70, size: 'max' });
  const isAccepted = ({
    remote_managed: remote = '',
    place,
  }: {
    remote_managed?: string;
    place: object;
  }) => remote !== 'yes' || !('devname' in place);
  fc.assert(
    fc.property(lists, (given) => {
      const entries = given.filter(isAccepted);
      const specs = parse(entries.map(({ place, ...ids }) => ({ ...ids, ...place })));
      const match = compileDeviceSpecs(specs, host);
      for (const fn of host) {
        const spec = specs.find((one) => admits(one, fn, host));
        expect(match(fn)).toEqual(spec && { spec, tags: spec.tags });
      }
    }),
    { numRuns: 300 },
  );
});

for (const place of [0, 31, 32, 63, 64]) {
  test(`the only entry that matches is found at place ${place} of a list`, () => {
    const specs = parse(
      Array.from({ length: 65 }, (_, at) => ({ bus: at, product_id: at === place ? '*' : 'ffff' })),
    );
    expect(compileDeviceSpecs(specs, host)(host[0]!)?.spec.entry).toBe(place);
  });
}
