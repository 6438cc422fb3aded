import { expect, test } from 'vitest';
import { aCard, afterChange } from '#test/pci-cards.ts';
import { parsePciAddress } from './address.ts';
import { claimDevices, freeDevices } from './claim.ts';
import type { PciDevice } from './device.ts';
import { reconcileInventory, type ReportedDevice } from './inventory.ts';

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

test('facts and tags follow the report, and a held device keeps its holder', () => {
  const known = held(aCard({ vfs: 1 }), vf1);
  const now = refreshed(known, aCard({ vfs: 1, network: 'physnet2', numaNode: 1 }));
  expect(now.find(({ address }) => address === vf1)).toMatchObject({
    tags: { physical_network: 'physnet2' },
    numaNode: 1,
    status: 'claimed',
    serverId: 's1',
    requestId: 'r',
  });
});

test('the VFs of a held PF are gone with it, and kept until it is back', () => {
  const card = held(aCard({ vfs: 2 }), pf);
  const away = refreshed(card, card.slice(0, 1));
  expect(away.map(({ status }) => status)).toEqual(['claimed', 'unclaimable', 'unclaimable']);
  const back = afterChange(away, freeDevices(away, 's1'));
  expect(refreshed(back, card).map(({ status }) => status)).toEqual(Array(3).fill('available'));
  expect(refreshed(back, card.slice(0, 1))).toHaveLength(1);
});

test('a device in quarantine is unavailable, and available once its host reports it clean', () => {
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

test('a held device keeps its holder in quarantine, and is not free once it is given back', () => {
  const card = held(aCard({ vfs: 1 }), vf1);
  const dirty = card.map((device) =>
    device.address === vf1 ? { ...device, quarantine: 'VLAN is 42' } : device,
  );
  const now = refreshed(card, dirty);
  expect(now.map(({ status }) => status)).toEqual(['unclaimable', 'claimed']);
  const given = afterChange(now, freeDevices(now, 's1'));
  expect(given.map(({ status }) => status)).toEqual(['available', 'unavailable']);
});

test('VFs that appear under a held PF start hidden', () => {
  const [onlyPf] = aCard({ vfs: 0 });
  const now = refreshed(held([onlyPf!], pf), aCard({ vfs: 2 }));
  expect(now.map(({ status }) => status)).toEqual(['claimed', 'unclaimable', 'unclaimable']);
});

test('an absent device goes when nobody holds it, and is missing when a server does', () => {
  const known = held(aCard({ vfs: 2 }), vf1);
  const now = refreshed(known, []);
  expect(now.map(({ address, status, serverId }) => [address, status, serverId])).toEqual([
    [vf1, 'missing', 's1'],
  ]);
});

test('a missing device that is back is allocated again, and its PF stays hidden all the while', () => {
  const card = aCard({ vfs: 1 });
  const without = refreshed(held(card, vf1), [card[0]!]);
  expect(without.map(({ status }) => status)).toEqual(['unavailable', 'missing']);
  const back = refreshed(without, card);
  expect(back.map(({ status }) => status)).toEqual(['unavailable', 'allocated']);
});

test('a missing device whose server is gone leaves with the next report', () => {
  const missing = refreshed(held(aCard({ vfs: 1 }), vf1), []);
  const freed = afterChange(missing, freeDevices(missing, 's1'));
  expect(reconcileInventory(freed, []).removed).toEqual([vf1]);
});
