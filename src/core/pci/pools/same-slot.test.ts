import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { expect, test } from 'vitest';
import { parsePciAddress } from '../devices/address.ts';
import { allocateDevices } from '../claims/allocate.ts';
import type { PciDevice } from '../devices/device.ts';
import type { PciRequest } from '../requests/request.ts';

/**
 * Three graphics cards, each a GPU with its audio function; others hold those at the given
 * addresses.
 */
function cards(...held: string[]): PciDevice[] {
  const [like] = aCard({ vfs: 0, network: null });
  return ['60', '61', '62'].flatMap((bus) =>
    ['0', '1'].map((fn) => {
      const address = parsePciAddress(`0000:${bus}:00.${fn}`);
      const isHeld = held.includes(`${bus}.${fn}`);
      return {
        ...like!,
        address,
        deviceType: 'type-PCI' as const,
        vendorId: '10de',
        productId: fn === '0' ? '2204' : '1aef',
        ...(isHeld && { status: 'allocated' as const, serverId: 's1', requestId: 'x' }),
      };
    }),
  );
}

const request = (name: string, productId: string, count = 1) => ({
  ...aRequest(name, { aliasName: name, count }),
  spec: [{ vendor_id: '10de', product_id: productId }],
});

const choose = (devices: PciDevice[], requests: PciRequest[]) => {
  const verdict = allocateDevices({ devices, requests });
  const chosen = verdict.ok ? verdict.assignments : [];
  return chosen.map(({ requestId, address }) => `${requestId} ${address.slice(5)}`).sort();
};

test('a device with other tags is not taken because it is in the same slot', () => {
  const devices = cards('60.0').map((device) =>
    device.address === '0000:61:00.1' ? { ...device, tags: { scarce: 'yes' } } : device,
  );
  expect(choose(devices, [request('gpu', '2204'), request('audio', '1aef')])).toEqual([
    'audio 60:00.1',
    'gpu 61:00.0',
  ]);
});

test.each([
  { held: [], count: 1, gives: ['gpu 60:00.0', 'audio 60:00.1'] },
  { held: ['60.0'], count: 1, gives: ['gpu 61:00.0', 'audio 61:00.1'] },
  { held: ['60.1'], count: 1, gives: ['gpu 61:00.0', 'audio 61:00.1'] },
  {
    held: ['60.0'],
    count: 2,
    gives: ['gpu 61:00.0', 'gpu 62:00.0', 'audio 61:00.1', 'audio 62:00.1'],
  },
  { held: ['60.0', '61.1', '62.1'], count: 1, gives: ['gpu 61:00.0', 'audio 60:00.1'] },
])('with $held held, $count of each come from one card where one card has both', (row) => {
  const requests = [request('gpu', '2204', row.count), request('audio', '1aef', row.count)];
  expect(choose(cards(...row.held), requests)).toEqual(row.gives.toSorted());
});
