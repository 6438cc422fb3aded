/** Suite for the interfaces of a host. */
import { describe, expect, test } from 'vitest';
import type { HostLinks } from './host-links.ts';

export interface LinksUnderTest {
  links: HostLinks;
  /** An interface with an MTU of 9000. */
  nic: string;
  /** A bridge over an interface with an MTU of 9000, and with a guest's tap of 1280. */
  bridge: string;
  /** From now on it has no bridge, and every MTU is 1280. */
  shrink: () => void;
}

/** `make` returns a host with these interfaces. */
export function describeHostLinks(name: string, make: () => LinksUnderTest): void {
  describe(`host links contract: ${name}`, () => {
    test('an interface has its MTU, and no uplinks', async () => {
      const { links, nic } = make();
      expect(await links.interfaceNamed(nic)).toEqual({ mtu: 9000, uplinks: [] });
    });

    test('a bridge has its uplinks, without the NICs of guests', async () => {
      const { links, bridge } = make();
      const found = await links.interfaceNamed(bridge);
      expect(found?.uplinks).toEqual([{ name: expect.any(String), mtu: 9000 }]);
    });

    test('what has changed is read again', async () => {
      const { links, nic, bridge, shrink } = make();
      await links.interfaceNamed(nic);
      shrink();
      expect(await links.interfaceNamed(nic)).toEqual({ mtu: 1280, uplinks: [] });
      expect(await links.interfaceNamed(bridge)).toBeNull();
    });
  });
}
