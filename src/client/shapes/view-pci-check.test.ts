/** The document of a dry run. */
import { expect, test } from 'vitest';
import { compareOffer } from '#core/pci/specs/device-spec-change.ts';
import { checkDeviceSpecs, offeredTags } from '#core/pci/specs/device-spec-check.ts';
import { readDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { aCard } from '#test/hosts/pci-cards.ts';
import { viewCheck } from './view-pci-check.ts';

const functions = aCard({ vfs: 2 }).map((fn) =>
  fn.deviceType === 'type-PF' ? { ...fn, ifname: 'ens1' } : fn,
);
const [, vf0] = functions;

function check(...option: unknown[]) {
  const sources = option.map((object, at) => ({ object, source: `x:${at + 1}` }));
  const { specs, refusals } = readDeviceSpecs(sources, functions);
  return {
    check: checkDeviceSpecs(specs, functions),
    refused: refusals.map(({ message }) => message),
    functionsFrom: { source: 'a test', complete: true, note: null },
    unreadable: [],
  };
}

test('each entry lists its matches and devices, each function its entry or the nearest one', () => {
  const view = viewCheck(
    check(
      { address: '0000:3b:00.1', physical_network: 'left' },
      { product_id: '1018', address: '3b:', physical_network: 'right' },
    ),
  );
  expect(view.result).toBe('fine');
  expect(view.entries).toMatchObject([
    { entry: 0, source: 'x:1', matches: 1, takes: 1, taken_before: [], findings: [] },
    { entry: 1, source: 'x:2', matches: 2, takes: 1, taken_before: [{ entry: 0, count: 1 }] },
  ]);
  expect(view.functions).toMatchObject([
    { address: '0000:3b:00.0', entry: null, nearest: { entry: 1, failed: ['product_id'] } },
    { address: '0000:3b:00.1', entry: 0, tags: { physical_network: 'left' }, pool: 0 },
    { address: '0000:3b:00.2', entry: 1, tags: { physical_network: 'right' }, pool: 1 },
  ]);
  expect(view.stats).toEqual(['left, 1018, 15b3 : 1', 'right, 1018, 15b3 : 1']);
});

test('every wrong entry is refused, and the others are tried with their own numbers', () => {
  const view = viewCheck(
    check([{ vendor_id: 'x' }, { vendor_id: '15b3' }], 'text', { address: 1 }),
  );
  expect(view.result).toBe('problems');
  expect(view.refused).toEqual([
    'x:1: entry 0: vendor_id "x": must be hexadecimal or "*"',
    'x:2: "text": must be an object or a list of objects',
    'x:3: entry 3: address 1: must be text such as "0000:0a:00.1" or an object of expressions',
  ]);
  expect(view.entries).toMatchObject([{ entry: 1, takes: 3 }]);
});

test('an entry without effect is a problem', () => {
  expect(viewCheck(check({ vendor_id: '15b3' }, { product_id: '1018' })).result).toBe('problems');
});

test('an unsafe change is unsafe whatever else is reported', () => {
  const parts = check({ vendor_id: 'ffff' });
  const difference = compareOffer(
    [{ ...vf0!, status: 'allocated', serverId: 's1' }],
    offeredTags(parts.check),
  );
  const view = viewCheck({ ...parts, change: { host: 'host-1', difference } });
  expect(view.result).toBe('unsafe');
  expect(view.change).toEqual({
    host: 'host-1',
    appearing: [],
    lost: [{ address: '0000:3b:00.1', status: 'allocated', instance_uuid: 's1' }],
    retagged: [],
    kept: 0,
    safe: false,
  });
});
