/** Suite for host bridges. */
import { afterEach, describe, expect, test } from 'vitest';
import type { HostBridges } from './host-bridges.ts';

export interface BridgesUnderTest {
  bridges: HostBridges;
  /** The existing bridges. */
  names: () => Promise<string[]>;
  stop: () => Promise<void>;
}

const bridge = 'brqb2a7e0c4-55';
const flat = { physicalNetwork: 'physnet1', vlan: null };
const local = { physicalNetwork: null, vlan: null };

/**
 * `make` returns a host whose physical network physnet1 has an unused interface, and no bridge.
 * `hasVlans`: its kernel can create VLAN interfaces.
 */
export function describeHostBridges(
  name: string,
  make: () => Promise<BridgesUnderTest>,
  { hasVlans }: { hasVlans: boolean },
): void {
  describe(`host bridges contract: ${name}`, () => {
    let host: BridgesUnderTest | undefined;
    const begin = async () => (host = await make());
    afterEach(async () => {
      await host?.stop();
      host = undefined;
    });

    test('a bridge exists from its creation to its release; repeating either is no error', async () => {
      const { bridges, names } = await begin();
      await bridges.ensureBridge(bridge, flat);
      await bridges.ensureBridge(bridge, flat);
      expect(await names()).toEqual([bridge]);
      await bridges.releaseBridge(bridge);
      await bridges.releaseBridge(bridge);
      expect(await names()).toEqual([]);
      await bridges.ensureBridge(bridge, flat);
      expect(await names()).toEqual([bridge]);
    });

    test('the interface of a physical network is found, and none for another', async () => {
      const { bridges } = await begin();
      expect(await bridges.interfaceOf('physnet1')).toEqual(expect.any(String));
      for (const name of ['physnet2', 'constructor']) {
        expect(await bridges.interfaceOf(name)).toBeNull();
      }
    });

    test('a bridge of a network without a physical network has no uplink', async () => {
      const { bridges, names } = await begin();
      await bridges.ensureBridge(bridge, local);
      expect(await names()).toEqual([bridge]);
      await bridges.releaseBridge(bridge);
      expect(await names()).toEqual([]);
    });

    const testVlans = () =>
      test('two VLANs of one physical network have a bridge each', async () => {
        const { bridges, names } = await begin();
        await bridges.ensureBridge(bridge, { ...flat, vlan: 42 });
        await bridges.ensureBridge(bridge, { ...flat, vlan: 42 });
        await bridges.ensureBridge('brqffffffff-11', { ...flat, vlan: 43 });
        await bridges.releaseBridge(bridge);
        expect(await names()).toEqual(['brqffffffff-11']);
        await bridges.releaseBridge('brqffffffff-11');
        expect(await names()).toEqual([]);
      });
    if (hasVlans) testVlans();

    test('a physical network without an interface on the host is refused by name, and nothing is created', async () => {
      const { bridges, names } = await begin();
      const nowhere = { physicalNetwork: 'physnet3', vlan: 42 };
      await expect(bridges.ensureBridge(bridge, nowhere)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(
          /^physical network physnet3 has no interface in bridge_mappings of host host-1/,
        ),
      });
      expect(await names()).toEqual([]);
    });
  });
}
