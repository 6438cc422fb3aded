import { expect, test } from 'vitest';
import { reachedNetworks } from './reached-networks.ts';

test('a host reaches the networks of its device specs and of its bridges, each named once', () => {
  const specs = [
    { tags: { physical_network: 'physnet2' } },
    { tags: { physical_network: null } },
    { tags: {} },
    { tags: { physical_network: 'physnet2', trusted: 'true' } },
  ];
  expect(reachedNetworks(specs, ['physnet1', 'physnet2'])).toEqual(['physnet1', 'physnet2']);
  expect(reachedNetworks([], [])).toEqual([]);
});
