import { expect, test } from 'vitest';
import { freeDevices } from '#core/pci/claims/claim.ts';
import { aVf } from '#test/worlds/store-rows.ts';
import { deviceChange } from './device-change.ts';

const noIso = { code: 'no-iso-maker', message: 'no genisoimage', blocks: 'none' } as const;
const replaced = {
  code: 'device-replaced',
  message: 'server s1 holds it',
  blocks: 'none',
} as const;
const host = { id: 'h1', generation: 3, problems: [noIso, replaced] };

test('what was wrong with a claim goes with the claim; other problems of the host stay', () => {
  const other = { function: aVf('0000:81:00.2', { productId: '154c' }), tags: {} };
  const held = aVf('0000:81:00.2', { serverId: 's1', status: 'missing', found: other });
  const still = deviceChange(host, [held], [{ ...held, requestId: 'r1' }]);
  expect(still.problems).toMatchObject([noIso, { code: 'device-replaced' }]);
  expect(deviceChange(host, [held], freeDevices([held], 's1')).problems).toEqual([noIso]);
});

test('where no row changes the host stays as it is', () => {
  expect(deviceChange(host, [aVf('0000:81:00.2')], [])).toEqual({ hostId: 'h1', generation: 3 });
});
