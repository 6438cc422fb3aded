import { expect, test } from 'vitest';
import { parsePciAddress } from '../devices/address.ts';
import type { DeviceTags } from '../devices/device.ts';
import { compareOffer } from './device-spec-change.ts';

const address = parsePciAddress('0000:3b:00.1');

function change(from: DeviceTags, to: DeviceTags, serverId: string | null) {
  const status = serverId === null ? ('available' as const) : ('allocated' as const);
  return compareOffer([{ address, status, tags: from, serverId }], new Map([[address, to]]));
}

test.each([
  [{ physical_network: 'physnet1' }, { physical_network: 'physnet2' }, false],
  [{ physical_network: 'physnet1' }, {}, false],
  [{ physical_network: null }, {}, true],
  [{ trusted: 'true' }, {}, false],
  [{ trusted: 'true' }, { trusted: 'yes' }, true],
  [{ trusted: 'false' }, {}, true],
  [{ rack: '7' }, { rack: '8' }, true],
])('a held device whose tags %o become %o', (from, to, isSafe) => {
  const held = change(from, to, 'server-1');
  expect(held.isSafe).toBe(isSafe);
  expect(held.retagged).toMatchObject([{ isSafe }]);
  expect(change(from, to, null).isSafe).toBe(true);
});
