/**
 * Generated input for the PCI core: PFs with 31 VFs each on buses of their own, lists of mixed
 * entries, bound NICs.
 */
import { printPciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import { type NicOfBench } from './core-xml.ts';
import { specsOf, vifOf } from './core-data.ts';

const functionsPerCard = 32;

export function madeDevices(count: number): PciFunction[] {
  return Array.from({ length: count }, (_, at): PciFunction => {
    const bus = Math.floor(at / functionsPerCard);
    const number = at % functionsPerCard;
    const pf = printPciAddress({ domain: 0, bus, slot: 0, function: 0 });
    const address = printPciAddress({
      domain: 0,
      bus,
      slot: Math.floor(number / 8),
      function: number % 8,
    });
    return {
      address,
      vendorId: '8086',
      productId: number === 0 ? '1572' : '154c',
      deviceType: number === 0 ? 'type-PF' : 'type-VF',
      parentAddress: number === 0 ? null : pf,
      numaNode: bus % 2,
      ifname: number === 0 ? `ens${bus}` : null,
      parentIfname: number === 0 ? null : `ens${bus}`,
      macAddress: null,
      capabilities: {},
    };
  });
}

/**
 * Text, expression, ids and devname in turn, each for a card of its own; a host with few cards has
 * no match for most.
 */
export function madeSpecs(count: number): DeviceSpec[] {
  const forms = [
    (bus: string) => ({ address: `*:${bus}:*.*` }),
    (bus: string) => ({ address: { bus, function: '[1-7]' } }),
    (bus: string) => ({ vendor_id: '8086', product_id: '154c', address: `0000:${bus}:00.*` }),
    (bus: string) => ({ devname: `ens${Number.parseInt(bus, 16)}` }),
  ];
  const texts = Array.from({ length: count }, (_, at) => {
    const bus = ((at * 5) % 64).toString(16).padStart(2, '0');
    const form = forms[at % forms.length];
    return JSON.stringify({ ...form?.(bus), physical_network: `physnet${at % 4}` });
  });
  return specsOf(texts);
}

export function madeNics(): NicOfBench[] {
  return Array.from({ length: 100 }, (_, at) => {
    const slot = printPciAddress({ domain: 0, bus: 16 + at, slot: 2, function: at % 8 });
    const wire = {
      id: `00000000-0000-4000-8000-0000000000${at.toString(16).padStart(2, '0')}`,
      address: `fa:16:3e:00:00:${at.toString(16).padStart(2, '0')}`,
      vnic_type: at % 2 === 0 ? ('direct' as const) : ('macvtap' as const),
      type: 'hw_veb',
      profile: { pci_slot: slot, physical_network: 'physnet1' },
      details: { vlan: String(100 + at) },
      x_sysfs_ifname: `ens0v${at}`,
      x_flavor_extra_specs: {},
    };
    return { vif: vifOf(wire), extraSpecs: {}, nicSources: { [slot]: wire.x_sysfs_ifname } };
  });
}
