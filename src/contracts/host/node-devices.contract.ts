/** The suite that every hypervisor's list of node devices must pass. */
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { describe, expect, test } from 'vitest';
import type { NodeDevices } from './node-devices.ts';

export interface NodeDevicesSuite {
  make: () => Promise<NodeDevices>;
  /** Functions of its host, as in sysfs. */
  functions: () => Promise<readonly PciFunction[]>;
}

/** For any host with PCI functions. */
export function describeNodeDevices(name: string, { make, functions }: NodeDevicesSuite): void {
  describe(`node devices contract: ${name}`, () => {
    test('every function of the host is known, and no other', async () => {
      const all = await functions();
      const [first] = all;
      if (first === undefined) expect.fail('precondition: the host has no PCI function');
      const nowhere = { ...first, address: parsePciAddress('0000:7f:1f.7') };
      const known = await (await make()).describe([...all, nowhere]);
      expect([...known.keys()].sort()).toEqual(all.map(({ address }) => address).sort());
    });

    test('only the requested functions are listed; an empty request lists none', async () => {
      const nodeDevices = await make();
      const [first, ...others] = await functions();
      expect((await nodeDevices.describe([])).size).toBe(0);
      if (first === undefined || others.length === 0) {
        expect.fail('precondition: the host has fewer than two PCI functions');
      }
      expect([...(await nodeDevices.describe([first])).keys()]).toEqual([first.address]);
    });

    test('a repeated list is equal', async () => {
      const nodeDevices = await make();
      const all = await functions();
      expect(await nodeDevices.describe(all)).toEqual(await nodeDevices.describe(all));
    });
  });
}

/** For the captured igb host with an interface on each VF. */
export function describeNodeDevicesOfVfs(name: string, suite: NodeDevicesSuite): void {
  describe(`node devices contract: ${name}`, () => {
    test('a VF has the features of its interface, as Nova stores them; its PF has none', async () => {
      const all = await suite.functions();
      const known = await (await suite.make()).describe(all);
      const vfs = all.filter(({ deviceType }) => deviceType === 'type-VF');
      expect(vfs.length).toBeGreaterThan(0);
      for (const { address } of vfs) {
        expect(known.get(address)?.network).toEqual(
          expect.arrayContaining(['rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan']),
        );
      }
      const [pf] = all.filter(({ deviceType }) => deviceType === 'type-PF');
      expect(known.get(pf?.address ?? parsePciAddress('0000:00:00.0'))).not.toHaveProperty(
        'network',
      );
    });

    test('a VF without an interface, as in a guest, has no features', async () => {
      const nodeDevices = await suite.make();
      const [vf] = (await suite.functions()).filter(({ deviceType }) => deviceType === 'type-VF');
      if (vf === undefined) expect.fail('precondition: the host has no VF');
      const known = await nodeDevices.describe([{ ...vf, ifname: null }]);
      expect(known.get(vf.address)).toEqual({});
    });
  });
}
