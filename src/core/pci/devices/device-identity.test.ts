import { aVf } from '#test/worlds/store-rows.ts';
import { vf0 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { isOtherDevice, replacement } from './device-identity.ts';

const of = (pfMacAddress: string, cardSerialNumber?: string) => ({
  capabilities: {
    sriov: { pfMacAddress, vfNum: 0 },
    ...(cardSerialNumber !== undefined && { vpd: { cardSerialNumber } }),
  },
});
const one = '0c:42:a1:00:3b:00';
const two = '02:00:00:00:77:77';

test.each([
  { what: 'the same PF', held: of(one), now: of(one.toUpperCase()), is: false },
  { what: 'another PF', held: of(one), now: of(two), is: true },
  { what: 'a PF that currently shows no MAC', held: of(one), now: { capabilities: {} }, is: false },
  { what: 'a card whose MAC was changed', held: of(one, 'A1'), now: of(two, 'A1'), is: false },
  { what: 'another card with the same MAC', held: of(one, 'A1'), now: of(one, 'B2'), is: true },
  { what: 'another product', held: {}, now: { productId: '154c' }, is: true },
  { what: 'other names of interfaces', held: {}, now: { ifname: 'eth7', numaNode: 3 }, is: false },
])('$what is another device: $is', ({ held, now, is }) => {
  expect(isOtherDevice(aVf(vf0, held), aVf(vf0, now))).toBe(is);
});

test('the message names both identities', () => {
  const held = aVf(vf0, { ...of(one), serverId: 's1', status: 'missing' });
  const now = aVf(vf0, { ...of(two), vendorId: '8086', productId: '154c' });
  expect(replacement(held)).toBeUndefined();
  expect(replacement({ ...held, found: { function: now, tags: {} } })).toBe(
    `PCI device ${vf0} is another device now: was ${held.vendorId}:${held.productId} of PF ${one}, is 8086:154c of PF ${two}`,
  );
});
