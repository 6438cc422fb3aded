/**
 * SR-IOV as libvirt networks: the host's choice of device is then behind a name. Source: libvirt
 * "Network XML format", "Connectivity".
 */
import type { PciAddress } from '#core/pci/devices/address.ts';
import { addressAttributes } from './pci-address-xml.ts';
import { element, printXml } from './xml.ts';

/**
 * A network of exactly one VF, for one port on one host: the claimed VF, regardless of others free
 * on its PF. Example: `vfNetworkXml({ name: 'novella-port-6d0f5f54-…', address: '0000:01:10.2',
 * vlan: 42 })`.
 */
export function vfNetworkXml(network: {
  name: string;
  address: PciAddress;
  vlan: number | null;
}): string {
  const address = element('address', { type: 'pci', ...addressAttributes(network.address) });
  return printXml(
    element('network', {}, [
      element('name', {}, [network.name]),
      element('forward', { mode: 'hostdev', managed: 'yes' }, [address]),
      vlan(network.vlan),
    ]),
  );
}

/**
 * A network over one VF's interface, for one macvtap port on one host. libvirt itself refuses a
 * second guest on it. Example: `macvtapNetworkXml({ name: 'novella-6d0f5f54', interface:
 * 'enp1s0v1', vlan: 42 })`.
 */
export function macvtapNetworkXml(network: {
  name: string;
  interface: string;
  vlan: number | null;
}): string {
  return printXml(
    element('network', {}, [
      element('name', {}, [network.name]),
      element('forward', { mode: 'passthrough' }, [
        element('interface', { dev: network.interface }),
      ]),
      vlan(network.vlan),
    ]),
  );
}

function vlan(tag: number | null) {
  return tag !== null && element('vlan', {}, [element('tag', { id: tag })]);
}
