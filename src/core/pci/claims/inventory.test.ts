import { expect, test } from 'vitest';
import { aCard, afterChange } from '#test/hosts/pci-cards.ts';
import { parsePciAddress } from '../devices/address.ts';
import { claimDevices, freeDevices } from './claim.ts';
import type { PciDevice } from '../devices/device.ts';
import type { ReportedDevice } from '../devices/device.ts';
import { reconcileInventory } from './inventory.ts';

const pf = parsePciAddress('0000:3b:00.0');
const vf1 = parsePciAddress('0000:3b:00.1');

function report(devices: readonly PciDevice[]): ReportedDevice[] {
  return devices.map(
    ({ tags, status: _status, serverId: _server, requestId: _request, ...fn }) => ({
      function: fn,
      tags,
    }),
  );
}

function refreshed(known: readonly PciDevice[], present: readonly PciDevice[]): PciDevice[] {
  const { changed, removed } = reconcileInventory(known, report(present));
  const gone = new Set(removed);
  return afterChange(known, changed).filter(({ address }) => !gone.has(address));
}

function held(card: PciDevice[], address: typeof pf): PciDevice[] {
  return afterChange(card, claimDevices(card, [{ requestId: 'r', address }], 's1'));
}

test('an unknown host gets all its devices as available', () => {
  const card = aCard({ vfs: 2 });
  expect(reconcileInventory([], report(card))).toEqual({ changed: card, removed: [] });
});

test('the same report again changes nothing', () => {
  const card = held(aCard({ vfs: 2 }), vf1);
  expect(reconcileInventory(card, report(card))).toEqual({ changed: [], removed: [] });
});

test('facts and tags follow the report; a held device keeps its server, and its tags until it is released', () => {
  const known = held(aCard({ vfs: 2 }), vf1);
  const now = refreshed(known, aCard({ vfs: 2, network: 'physnet2', numaNode: 1 }));
  expect(now[0]).toMatchObject({ tags: { physical_network: 'physnet2' } });
  expect(now.find(({ address }) => address === vf1)).toMatchObject({
    tags: { physical_network: 'physnet1' },
    numaNode: 1,
    status: 'claimed',
    serverId: 's1',
    requestId: 'r',
  });
  const free = afterChange(now, freeDevices(now, 's1'));
  const given = free.find(({ address }) => address === vf1);
  expect(given).toMatchObject({ tags: { physical_network: 'physnet2' }, status: 'available' });
  expect(given).not.toHaveProperty('found');
});

/** The same addresses on other cards. */
const others = [
  { what: 'another product', change: { productId: '154c', vendorId: '8086' } },
  { what: 'another kind', change: { deviceType: 'vdpa' as const } },
  {
    what: 'another PF',
    change: { capabilities: { sriov: { pfMacAddress: '02:00:00:00:77:77', vfNum: 0 } } },
  },
];

test.each(others)(
  '$what at a held address is not the device that the server holds',
  ({ change }) => {
    const known = held(aCard({ vfs: 2 }), vf1).map((fn) =>
      fn.address === vf1
        ? { ...fn, capabilities: { sriov: { pfMacAddress: '0c:42:a1:00:3b:00', vfNum: 0 } } }
        : fn,
    );
    const was = known.find(({ address }) => address === vf1);
    const swapped = known.map((fn) => (fn.address === vf1 ? { ...fn, ...change } : fn));
    const now = refreshed(known, swapped);
    const missing = now.find(({ address }) => address === vf1);
    expect(missing).toMatchObject({
      vendorId: was?.vendorId,
      productId: was?.productId,
      deviceType: 'type-VF',
      status: 'missing',
      serverId: 's1',
    });
    expect(refreshed(now, swapped)).toEqual(now);
    const back = refreshed(now, known).find(({ address }) => address === vf1);
    expect(back).toEqual({ ...was, status: 'allocated' });
    const free = afterChange(now, freeDevices(now, 's1')).find(({ address }) => address === vf1);
    expect(free).toMatchObject({ ...change, status: 'available', serverId: null });
  },
);

test('a device whose PF temporarily has no interface is still recognized', () => {
  const sriov = { pfMacAddress: '0c:42:a1:00:3b:00', vfNum: 0 };
  const known = held(aCard({ vfs: 1 }), vf1).map((fn) => ({ ...fn, capabilities: { sriov } }));
  const without = known.map((fn) => ({ ...fn, capabilities: {} }));
  const now = refreshed(known, without);
  expect(now.find(({ address }) => address === vf1)?.capabilities).toEqual({ sriov });
});

test('a PF in a guest, which shows no MAC to its host, still differs from another PF', () => {
  const known = held(aCard({ vfs: 0 }), pf);
  const withMac = (macAddress: string | null) => known.map((fn) => ({ ...fn, macAddress }));
  const away = refreshed(withMac('0c:42:a1:00:3b:00'), withMac(null));
  expect(refreshed(away, withMac('02:00:00:00:77:77'))).toMatchObject([{ status: 'missing' }]);
  expect(refreshed(away, withMac('0c:42:a1:00:3b:00'))).toMatchObject([{ status: 'claimed' }]);
});

test('the VFs of a held PF disappear with it, and stay recorded until it is back', () => {
  const card = held(aCard({ vfs: 2 }), pf);
  const away = refreshed(card, card.slice(0, 1));
  expect(away.map(({ status }) => status)).toEqual(['claimed', 'unclaimable', 'unclaimable']);
  const back = afterChange(away, freeDevices(away, 's1'));
  expect(refreshed(back, card).map(({ status }) => status)).toEqual(Array(3).fill('available'));
  expect(refreshed(back, card.slice(0, 1))).toHaveLength(1);
});

test('a device in quarantine is unavailable until its host reports it clean', () => {
  const card = aCard({ vfs: 2 });
  const dirty = (address: typeof pf) =>
    card.map((device) =>
      device.address === address ? { ...device, quarantine: 'VLAN is 42' } : device,
    );
  const now = refreshed(card, dirty(vf1));
  expect(now.map(({ status }) => status)).toEqual(['available', 'unavailable', 'available']);
  expect(refreshed(now, card).map(({ status }) => status)).toEqual(Array(3).fill('available'));
  const ofPf = refreshed(card, dirty(pf));
  expect(ofPf.map(({ status }) => status)).toEqual(Array(3).fill('unavailable'));
});

test('a held device keeps its server in quarantine, and is not free after its release', () => {
  const card = held(aCard({ vfs: 1 }), vf1);
  const dirty = card.map((device) =>
    device.address === vf1 ? { ...device, quarantine: 'VLAN is 42' } : device,
  );
  const now = refreshed(card, dirty);
  expect(now.map(({ status }) => status)).toEqual(['unclaimable', 'claimed']);
  const given = afterChange(now, freeDevices(now, 's1'));
  expect(given.map(({ status }) => status)).toEqual(['available', 'unavailable']);
});

test('VFs that appear under a held PF start as unavailable', () => {
  const [onlyPf] = aCard({ vfs: 0 });
  const now = refreshed(held([onlyPf!], pf), aCard({ vfs: 2 }));
  expect(now.map(({ status }) => status)).toEqual(['claimed', 'unclaimable', 'unclaimable']);
});

test('an absent device is removed when it is free, and missing when a server holds it', () => {
  const known = held(aCard({ vfs: 2 }), vf1);
  const now = refreshed(known, []);
  expect(now.map(({ address, status, serverId }) => [address, status, serverId])).toEqual([
    [vf1, 'missing', 's1'],
  ]);
});

test('a missing device that is back is allocated again, and its PF stays unavailable throughout', () => {
  const card = aCard({ vfs: 1 });
  const without = refreshed(held(card, vf1), [card[0]!]);
  expect(without.map(({ status }) => status)).toEqual(['unavailable', 'missing']);
  const back = refreshed(without, card);
  expect(back.map(({ status }) => status)).toEqual(['unavailable', 'allocated']);
});

test('a missing device whose server is gone is removed with the next report', () => {
  const missing = refreshed(held(aCard({ vfs: 1 }), vf1), []);
  const freed = afterChange(missing, freeDevices(missing, 's1'));
  expect(reconcileInventory(freed, []).removed).toEqual([vf1]);
});
