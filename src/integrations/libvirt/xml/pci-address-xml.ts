/** A PCI address as the attributes of libvirt's `<address>`. */
import { type PciAddress, pciAddressParts } from '#core/pci/devices/address.ts';

/** Example: `0000:01:10.2` → `{ domain: '0x0000', bus: '0x01', slot: '0x10', function: '0x2' }`. */
export function addressAttributes(address: PciAddress): Record<string, string> {
  const parts = pciAddressParts(address);
  const hex = (value: number, width: number) => `0x${value.toString(16).padStart(width, '0')}`;
  return {
    domain: hex(parts.domain, 4),
    bus: hex(parts.bus, 2),
    slot: hex(parts.slot, 2),
    function: hex(parts.function, 1),
  };
}
