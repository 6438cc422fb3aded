import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import { poolOfRow, poolToRow } from './pool-row.ts';

const pool: fc.Arbitrary<PciDevicePool> = fc.record({
  vendorId: fc.constantFrom('8086', '15b3'),
  productId: fc.constantFrom('10ca', '1018'),
  numaNode: fc.option(fc.nat(7)),
  deviceType: fc.constantFrom('type-PCI', 'type-PF', 'type-VF', 'vdpa'),
  address: fc.constant('0000:3b:00.0'),
  parentIfname: fc.option(fc.string()),
  tags: fc.dictionary(fc.string(), fc.option(fc.string())),
  count: fc.nat(),
});

test('a pool survives its JSON form, whatever its tags are called', () => {
  fc.assert(
    fc.property(pool, (given) => {
      const text = JSON.stringify(poolToRow(given));
      const back = poolOfRow(JSON.parse(text) as ReturnType<typeof poolToRow>);
      expect(JSON.stringify(back)).toBe(JSON.stringify(given));
    }),
  );
});
