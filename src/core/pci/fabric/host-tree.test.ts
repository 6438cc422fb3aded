/** The devices of a host as a tree. */
import { expect, test } from 'vitest';
import { parsePciAddress } from '../devices/address.ts';
import type { PciDevice, PciFunction } from '../devices/device.ts';
import { compileDeviceSpecs } from '../specs/device-matcher.ts';
import { hostOffer, mostOffered } from '../specs/host-offer.ts';
import { readDeviceSpecs } from '../specs/parse-device-specs.ts';
import { aPf, aVf } from '#test/worlds/store-rows.ts';
import { functionAt, hostTree } from './host-tree.ts';

const vf = (number: number, change: Partial<PciDevice> = {}) =>
  aVf(`0000:81:10.${number}`, { capabilities: { sriov: { vfNum: number } }, ...change });

/** What these entries do among these functions. */
function offerOf(entries: object[], functions: PciFunction[]) {
  const sources = entries.map((object) => ({ source: 'novella.yaml', object }));
  const { specs } = readDeviceSpecs(sources, functions);
  const match = compileDeviceSpecs(specs, functions);
  return hostOffer(specs, functions, (fn) => match(fn)?.spec);
}

test('what each entry admits is counted, and what none admits has its nearest entry', () => {
  const plain = aVf('0000:02:00.0', { deviceType: 'type-PCI', parentAddress: null });
  const odd = vf(2, { productId: 'ffff' });
  const offer = offerOf(
    [
      { vendor_id: '8086', product_id: '10ca', physical_network: 'physnet1' },
      { vendor_id: '8086', product_id: '10ca', physical_network: 'shadowed' },
    ],
    [aPf({ vendorId: '15b3' }), vf(0), vf(1), odd, { ...plain, productId: '1533' }],
  );
  expect(offer.entries).toEqual([
    {
      entry: 0,
      source: 'novella.yaml',
      deviceSpec: { vendor_id: '8086', product_id: '10ca', physical_network: 'physnet1' },
      admits: 2,
    },
    expect.objectContaining({ entry: 1, admits: 0 }),
  ]);
  expect(offer.leftOut.map(({ address, nearest }) => [address, nearest])).toEqual([
    ['0000:81:00.0', null],
    ['0000:81:10.2', { entry: 0, failed: ['product_id'] }],
  ]);
});

test('a host with very many functions lists the first of those that are left out', () => {
  const many = Array.from({ length: 2_000 }, () => vf(0));
  expect(offerOf([], many).leftOut).toHaveLength(mostOffered.leftOut);
});

test('VFs are below their PF, ports of one card beside each other, cards on their node', () => {
  const second = aPf({ address: parsePciAddress('0000:81:00.1'), ifname: 'ens1f1' });
  const gpu = aVf('0000:03:00.0', { deviceType: 'type-PCI', parentAddress: null, numaNode: 1 });
  const held = vf(0, { status: 'allocated', serverId: 's1', requestId: 'r' });
  const functions = [held, vf(1), aPf({ status: 'unavailable' }), vf(2, { productId: 'ffff' })];
  const { leftOut } = offerOf([{ vendor_id: '8086', product_id: '10ca' }], functions);
  const devices = [held, vf(1), second, gpu, vf(5, { status: 'removed' })];
  const tree = hostTree(devices, leftOut);
  expect(tree.map(({ node }) => node)).toEqual([0, 1]);
  const [first, other] = tree;
  expect(other).toMatchObject({ cards: [], plain: [{ address: gpu.address }] });
  expect(first?.cards.map(({ slot, pfs }) => [slot, pfs.map(({ ifname }) => ifname)])).toEqual([
    ['0000:81:00', ['ens1f0', 'ens1f1']],
  ]);
  const [pf] = first?.cards[0]?.pfs ?? [];
  expect(pf?.self).toMatchObject({ availability: 'not-offered', device: undefined });
  expect(pf?.vfs.map(({ number, availability }) => [number, availability])).toEqual([
    [0, 'held'],
    [1, 'free'],
    [2, 'not-offered'],
  ]);
  expect(pf?.vfs[2]?.reason?.message).toBe(
    'no device spec of the host admits it; entry 0 would, but for product_id',
  );
});

test('a PF that no report has is there for its VFs', () => {
  const [node] = hostTree([vf(0)], []);
  expect(node?.cards[0]?.pfs).toMatchObject([
    { address: '0000:81:00.0', ifname: 'ens1f0', self: undefined, vfs: [{ number: 0 }] },
  ]);
});

test('one function is found by its address, with its reason', () => {
  const devices = [aPf({ status: 'unavailable' }), vf(0, { status: 'claimed', serverId: 's1' })];
  expect(functionAt('0000:81:00.0', devices, [])?.reason?.message).toBe(
    'its VF 0000:81:10.0 is held by server s1',
  );
  expect(functionAt('0000:81:10.0', devices, [])).toMatchObject({ availability: 'claimed' });
  expect(functionAt('0000:81:10.1', devices, [])).toBeUndefined();
});
