import { expect, test } from 'vitest';
import { aCard } from '#test/hosts/pci-cards.ts';
import { KeptDevices } from './kept-devices.ts';

/** 30 PFs with 199 VFs each. */
const rows = Array.from({ length: 30 }, (_, bus) => aCard({ bus: `${10 + bus}`, vfs: 199 })).flat();
const host = (id: string, generation = 1) => ({ id, generation });
const keptOf = (kept: KeptDevices, ids: string[]) =>
  ids.filter((id) => kept.of(host(id)) !== undefined);

test('devices of the hosts used last are kept, up to a number of devices in all', () => {
  const kept = new KeptDevices();
  for (const id of ['a', 'b', 'c']) kept.keep(host(id), rows);
  expect(kept.of(host('a'))?.size).toBe(6_000);
  kept.keep(host('d'), rows);
  expect(keptOf(kept, ['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
});

test('a host that is dropped leaves room for others, whatever generations it had', () => {
  const kept = new KeptDevices();
  for (const generation of [1, 2, 3]) kept.keep(host('a', generation), rows);
  kept.apply({ hostId: 'a', generation: 3, devices: [] });
  kept.drop('a');
  kept.drop('a');
  for (const id of ['b', 'c', 'd']) kept.keep(host(id), rows);
  expect(keptOf(kept, ['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd']);
  expect(kept.of(host('b', 2))).toBeUndefined();
});
