import { expect, test } from 'vitest';
import { aCard } from '#test/hosts/pci-cards.ts';
import type { PciDevice } from '../devices/device.ts';
import { compareOffer } from './device-spec-change.ts';
import { checkDeviceSpecs, offeredTags } from './device-spec-check.ts';
import { readDeviceSpecs } from './parse-device-specs.ts';

const functions = aCard({ vfs: 2 });
const [pf, vf0, vf1] = functions;

function check(option: object) {
  const { specs } = readDeviceSpecs([{ object: option, source: 'x:1' }], functions);
  return checkDeviceSpecs(specs, functions);
}

const held = { status: 'allocated', serverId: 's1', requestId: 'r1' } as const;
const changes: {
  name: string;
  known: PciDevice[];
  gives: Partial<ReturnType<typeof compareOffer>>;
}[] = [
  {
    name: 'a new device appears, a free one is removed: safe',
    known: [pf!, vf0!],
    gives: { appearing: [vf1!.address], lost: [pf!], kept: 1, isSafe: true },
  },
  {
    name: 'a held device that would be removed makes it unsafe',
    known: [{ ...pf!, ...held }, vf0!, vf1!],
    gives: { appearing: [], lost: [{ ...pf!, ...held }], isSafe: false },
  },
  {
    name: 'a device that is already missing is not lost by the change',
    known: [{ ...pf!, ...held, status: 'missing' }, vf0!, vf1!],
    gives: { lost: [], isSafe: true },
  },
  {
    name: 'changed tags are listed key by key',
    known: [{ ...vf0!, tags: { physical_network: 'physnet2', trusted: 'true' } }, vf1!],
    gives: {
      retagged: [
        {
          device: { ...vf0!, tags: { physical_network: 'physnet2', trusted: 'true' } },
          changes: {
            physical_network: { from: 'physnet2', to: 'physnet1' },
            trusted: { from: 'true', to: undefined },
          },
          isSafe: true,
        },
      ],
    },
  },
];

test.each(changes)('$name', ({ known, gives }) => {
  const wanted = check({ product_id: '1018', physical_network: 'physnet1' });
  expect(compareOffer(known, offeredTags(wanted))).toMatchObject(gives);
});
