/**
 * The suite that every PCI bus must pass, on the captured host: two igb PFs, 0000:01:00.0 and
 * 0000:02:00.0, with four VFs each.
 */
import { pf0, vf0, vf1 } from '#test/hosts/guests.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { untouchedVf } from '#core/pci/vf/vf-settings.ts';
import { describe, expect, test } from 'vitest';
import type { PciBus } from './pci-bus.ts';

/**
 * `make` returns a fresh bus of the captured host, without guests. Its NICs do not support setting
 * the link state.
 */
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
        link: 'up',
      });
    });

    test('a VF is listed with its PF, its number there, and both interfaces', async () => {
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

    test('the interface of a function is found by address; a function may have none', async () => {
      const bus = await make();
      expect(await bus.ifnameOf(vf0)).toBe('enp1s0v0');
      expect(await bus.ifnameOf(parsePciAddress('0000:00:1f.0'))).toBeNull();
      expect(await bus.ifnameOf(parsePciAddress('0000:7f:00.0'))).toBeNull();
      expect(await bus.isUp(parsePciAddress('0000:00:1f.0'))).toBeNull();
      expect(await bus.isUp(parsePciAddress('0000:7f:00.0'))).toBeNull();
    });

    test('a function without a vDPA device has no character device', async () => {
      const bus = await make();
      expect(await bus.vdpaDeviceOf(vf0)).toBeNull();
      expect(await bus.vdpaDeviceOf(parsePciAddress('0000:7f:00.0'))).toBeNull();
    });

    test('one function is found by address, with its driver', async () => {
      const bus = await make();
      const { functions } = await bus.listFunctions();
      expect(await bus.functionAt(vf1)).toEqual(functions.find(({ address }) => address === vf1));
      expect(await bus.functionAt(nowhere)).toBeUndefined();
      expect(await bus.driverOf(vf1)).toEqual(expect.any(String));
    });

    test('an untouched VF has the MAC of its own driver and no other setting', async () => {
      const { settings, own } = await (await make()).vfState(vf0);
      expect(settings).toEqual({ ...untouchedVf, macAddress: own?.macAddress });
      expect(own).toMatchObject({ ifname: 'enp1s0v0', isMacGiven: false, isUp: false });
    });

    test('settings of a VF are set and read back; the others, and other VFs, stay', async () => {
      const bus = await make();
      const before = await bus.vfState(vf1);
      const change = { macAddress, vlan: 42, qos: 3, spoofCheck: false, maxTxRateMbps: 100 };
      await bus.applyVfStep({ do: 'set-vf', address: vf0, change });
      await bus.applyVfStep({ do: 'set-vf', address: vf0, change });
      await bus.applyVfStep({ do: 'set-vf', address: vf0, change: { trust: true } });
      expect((await bus.vfState(vf0)).settings).toEqual({ ...untouchedVf, ...change, trust: true });
      await bus.applyVfStep({ do: 'set-vf', address: vf0, change: { vlan: 43 } });
      expect((await bus.vfState(vf0)).settings).toMatchObject({ vlan: 43, qos: 0, macAddress });
      expect(await bus.vfState(vf1)).toEqual(before);
    });

    test('the interface of a VF takes the MAC that was set on its PF before', async () => {
      const bus = await make();
      await bus.applyVfStep({ do: 'set-vf', address: vf0, change: { macAddress, vlan: 42 } });
      await bus.applyVfStep({ do: 'set-vf-link', address: vf0, macAddress, up: true });
      await bus.applyVfStep({ do: 'set-vf-link', address: vf0, macAddress, up: true });
      const { settings, own } = await bus.vfState(vf0);
      expect(settings).toMatchObject({ macAddress, vlan: 42 });
      expect(own).toMatchObject({ macAddress, isUp: true });
    });

    test('an unsupported setting of a NIC is known beforehand, and refused by name', async () => {
      const bus = await make();
      const change = { linkState: 'disable', spoofCheck: false } as const;
      expect(await bus.unsupportedSettings(vf0, change)).toEqual(['linkState']);
      expect(await bus.unsupportedSettings(vf1, change)).toEqual(['linkState']);
      expect(await bus.unsupportedSettings(vf0, { linkState: 'auto', spoofCheck: true })).toEqual(
        [],
      );
      expect((await bus.vfState(vf0)).settings.spoofCheck).toBe(true);
      const step = { do: 'set-vf', address: vf0, change: { linkState: 'disable' } } as const;
      await expect(bus.applyVfStep(step)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(/^VF 0000:01:10\.0: link state disable: .*no such setting/),
      });
    });

    test('the traffic of VFs is counted, in the given order, and of nothing else', async () => {
      const counted = await (await make()).vfTraffic([vf1, pf0, nowhere, vf0]);
      const traffic = { bytes: expect.any(Number), packets: expect.any(Number) };
      const both = {
        received: expect.objectContaining(traffic),
        sent: expect.objectContaining(traffic),
      };
      expect(counted).toEqual([
        { address: vf1, ...both },
        { address: vf0, ...both },
      ]);
    });

    test('a function that is not a VF has no VF settings', async () => {
      const bus = await make();
      const refusal = { kind: 'unavailable', message: expect.stringContaining(pf0) };
      await expect(bus.vfState(pf0)).rejects.toMatchObject(refusal);
      const step = { do: 'set-vf', address: pf0, change: { vlan: 42 } } as const;
      await expect(bus.applyVfStep(step)).rejects.toMatchObject(refusal);
    });

    test('a VF is alone in its IOMMU group, its PF is up, and the host does not use it', async () => {
      const bus = await make();
      expect(await bus.deviceFacts(vf0)).toMatchObject({
        driver: await bus.driverOf(vf0),
        classCode: '020000',
        iommuGroup: { others: [] },
        pf: { ifname: 'enp1s0', isUp: true },
        uses: [],
      });
      await expect(bus.deviceFacts(nowhere)).rejects.toMatchObject({ kind: 'unavailable' });
    });

    test('a PF gets another number of VFs, which then exist, untouched', async () => {
      const bus = await make();
      const vfsOf = async () =>
        (await bus.listFunctions()).functions.filter(({ parentAddress }) => parentAddress === pf0);
      await bus.applyVfStep({ do: 'set-vf', address: vf0, change: { vlan: 42 } });
      await bus.setVfCount(pf0, 4);
      expect((await bus.vfState(vf0)).settings.vlan).toBe(42);
      await bus.setVfCount(pf0, 2);
      expect((await vfsOf()).map(({ address }) => address)).toEqual([vf0, vf1]);
      expect((await bus.vfState(vf0)).settings.vlan).toBe(0);
      await bus.setVfCount(pf0, 0);
      expect(await vfsOf()).toEqual([]);
      await bus.setVfCount(pf0, 4);
      expect(await vfsOf()).toHaveLength(4);
      const { now, max } = await bus.vfCount(pf0);
      expect(now).toBe(4);
      await expect(bus.setVfCount(pf0, max + 1)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(`it supports ${max}`),
      });
      await expect(bus.vfCount(vf0)).rejects.toMatchObject({ kind: 'unavailable' });
    });

    test('a driver is bound in place of another', async () => {
      const bus = await make();
      const driver = (await bus.driverOf(vf0)) ?? '';
      await bus.bindDriver(vf0, null);
      expect(await bus.driverOf(vf0)).toBeNull();
      await bus.bindDriver(vf0, driver);
      await bus.bindDriver(vf0, driver);
      expect(await bus.driverOf(vf0)).toBe(driver);
    });

    test('a watcher is notified of removed VFs, until the watch ends', {
      timeout: 30_000,
    }, async () => {
      const bus = await make();
      let reported = 0;
      const unwatch = bus.watch(() => {
        reported += 1;
      });
      // The first read is the baseline for later ones.
      await expect
        .poll(
          async () => {
            await bus.setVfCount(pf0, (await bus.vfCount(pf0)).now === 4 ? 3 : 4);
            return reported;
          },
          { timeout: 20_000, interval: 300 },
        )
        .toBeGreaterThan(0);
      unwatch();
    });
  });
}

const macAddress = 'fa:16:3e:5b:10:01';
const nowhere = parsePciAddress('0000:7f:00.0');
