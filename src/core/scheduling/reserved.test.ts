import { expect, test } from 'vitest';
import { withoutReserved } from './reserved.ts';

test('reserved amounts are not offered, and an offer never exceeds the capacity', () => {
  const host = { vcpus: 4, memoryMib: 1024, diskGib: 9 };
  expect(withoutReserved(host, { vcpus: 1, memoryMib: 512 })).toEqual({
    vcpus: 3,
    memoryMib: 512,
    diskGib: 9,
  });
  expect(withoutReserved(host, { vcpus: 9, memoryMib: 9999 })).toMatchObject({
    vcpus: 0,
    memoryMib: 0,
  });
});
