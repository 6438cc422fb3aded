/** Which of several equal cards the VFs of one server come from. */
import { expect } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';
import type { Config } from '#programs/config/config.ts';

/** One host whose two PFs serve the same physical network. */
function twoLikeCards(config: Config): Config {
  const text = '{"vendor_id": "8086", "product_id": "10ca", "physical_network": "physnet1"}';
  const size = { vcpus: 8, memoryMib: 16_384, diskGib: 200 };
  const deviceSpec = [{ text, source: 'test' }];
  return {
    ...config,
    simulated: { kind: 'captured', hosts: [{ name: 'host-1', ...size, deviceSpec }] },
  };
}

for (const [preference, cards] of [
  ['spread', ['0000:01', '0000:02']],
  ['pack', ['0000:01', '0000:01']],
] as const) {
  scenario(
    `${preference}: the two NICs of a server are on cards ${cards.join(' and ')}`,
    async (cloud) => {
      const red = await cloud.network('red');
      const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'direct')];
      await cloud.settled(await cloud.boot(ports.map((port) => ({ port }))), 'ACTIVE');
      const bound = await Promise.all(ports.map((port) => cloud.showPort(port)));
      const buses: string[] = bound.map((port) => port['binding:profile'].pci_slot.slice(0, 7));
      expect(buses.toSorted()).toEqual(cards);
    },
    (config) => ({ ...twoLikeCards(config), cardPreference: preference }),
  );
}
