import { aCard, aRequest } from '#test/pci-cards.ts';
import { expect, test } from 'vitest';
import { parsePciAddress } from './address.ts';
import { allocateDevices } from './allocate.ts';
import type { PciDevice } from './device.ts';

/** Three graphics cards, each a GPU with its audio function; those at the addresses are held by others. */
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
])('with $held taken, $count of each come from one card where one has both', (row) => {
  const requests = [request('gpu', '2204', row.count), request('audio', '1aef', row.count)];
  const verdict = allocateDevices({ devices: cards(...row.held), requests });
  const chosen = verdict.ok ? verdict.assignments : [];
  expect(chosen.map(({ requestId, address }) => `${requestId} ${address.slice(5)}`).sort()).toEqual(
    row.gives.toSorted(),
  );
});
