/** What every PCI bus must do, on the captured host: two igb PFs, 0000:01:00.0 and 0000:02:00.0, with four VFs each. */
import { pf0, vf0, vf1 } from '#test/guests.ts';
import { parsePciAddress } from '#core/pci/address.ts';
import { describe, expect, test } from 'vitest';
import type { PciBus } from './pci-bus.ts';

/** `make` gives the bus of the captured host, with no guest on it. */
export function describePciBus(name: string, make: () => Promise<PciBus>): void {
  describe(`PCI bus contract: ${name}`, () => {
    test('all functions are listed in address order, the two PFs with four VFs each', async () => {
      const { functions, unreadable } = await (await make()).listFunctions();
      const addresses = functions.map(({ address }) => address);
      expect(addresses).toEqual([...addresses].sort());
      expect(unreadable).toEqual([]);
      const ofType = (type: string) => functions.filter((fn) => fn.deviceType === type);
      expect(ofType('type-PF').map(({ address }) => address)).toEqual([
        '0000:01:00.0',
        '0000:02:00.0',
      ]);
      expect(ofType('type-VF')).toHaveLength(8);
      expect(ofType('type-PCI')).toHaveLength(9);
    });

    test('a PF comes with its interface and MAC', async () => {
      const { functions } = await (await make()).listFunctions();
      expect(functions.find(({ address }) => address === pf0)).toEqual({
        address: pf0,
        vendorId: '8086',
        productId: '10c9',
        vfProductId: '10ca',
        deviceType: 'type-PF',
        parentAddress: null,
        numaNode: null,
        ifname: 'enp1s0',
        parentIfname: null,
        macAddress: '52:54:00:aa:00:01',
        capabilities: {},
      });
    });

    test('a VF comes with its PF, its number there, and both interfaces', async () => {
      const { functions } = await (await make()).listFunctions();
      expect(functions.find(({ address }) => address === vf1)).toEqual({
        address: vf1,
        vendorId: '8086',
        productId: '10ca',
        deviceType: 'type-VF',
        parentAddress: pf0,
        numaNode: null,
        ifname: 'enp1s0v1',
        parentIfname: 'enp1s0',
        macAddress: null,
        capabilities: { sriov: { pfMacAddress: '52:54:00:aa:00:01', vfNum: 1 } },
      });
    });

    test('the interface of a function is found by address; one without has none', async () => {
      const bus = await make();
      expect(await bus.ifnameOf(vf0)).toBe('enp1s0v0');
      expect(await bus.ifnameOf(parsePciAddress('0000:00:1f.0'))).toBeNull();
      expect(await bus.ifnameOf(parsePciAddress('0000:7f:00.0'))).toBeNull();
    });

    test('the settings of a VF can be set twice; a function that is no VF is refused', async () => {
      const bus = await make();
      const macAddress = 'fa:16:3e:5b:10:01';
      const step = { do: 'set-vf', address: vf0, macAddress, vlan: 42 } as const;
      await bus.applyVfStep(step);
      await bus.applyVfStep(step);
      await expect(bus.applyVfStep({ ...step, address: pf0 })).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(pf0),
      });
    });
  });
}
