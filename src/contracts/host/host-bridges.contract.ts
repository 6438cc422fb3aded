/** Suite for host bridges. */
import { afterEach, describe, expect, test } from 'vitest';
import type { HostBridges, Uplink } from './host-bridges.ts';

export interface BridgesUnderTest {
  bridges: HostBridges;
  /** The existing bridges. */
  names: () => Promise<string[]>;
  /** The MACs whose frames the interface of physnet1 passes up, of those that were requested. */
  uplinks: () => Promise<string[]>;
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

    test('an uplink is open from its opening to its closing; repeating either is no error', async () => {
      const { bridges, uplinks } = await begin();
      const [one, two] = ['fa:16:3e:5b:10:01', 'fa:16:3e:5b:10:02'].map((macAddress) => ({
        physicalNetwork: 'physnet1',
        macAddress,
      })) as [Uplink, Uplink];
      await bridges.closeUplink(one);
      expect(await bridges.hasUplink(one)).toBe(false);
      await bridges.openUplink(one);
      await bridges.openUplink(one);
      expect(await bridges.hasUplink(one)).toBe(true);
      expect(await bridges.hasUplink(two)).toBe(false);
      await bridges.openUplink(two);
      expect(await uplinks()).toEqual([one.macAddress, two.macAddress]);
      await bridges.closeUplink(one);
      await bridges.closeUplink(one);
      expect(await uplinks()).toEqual([two.macAddress]);
      await bridges.closeUplink(two);
      const nowhere = { ...one, physicalNetwork: 'physnet3' };
      await expect(bridges.openUplink(nowhere)).rejects.toMatchObject({ kind: 'unavailable' });
      expect(await bridges.hasUplink(nowhere)).toBe(false);
      await bridges.closeUplink(nowhere);
      expect(await uplinks()).toEqual([]);
    });

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
