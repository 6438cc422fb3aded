import { expect, test } from 'vitest';
import { isForeignDriver } from './foreign-driver.ts';

test.each([
  ['igb_uio', true],
  ['uio_pci_generic', true],
  ['uio_hv_generic', true],
  ['igbvf', false],
  ['vfio-pci', false],
])('%s is a driver of another program: %s', (driver, is) => {
  expect(isForeignDriver(driver)).toBe(is);
});
