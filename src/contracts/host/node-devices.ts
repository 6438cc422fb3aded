/**
 * What the hypervisor itself knows of the host's PCI functions. Source: the seed, "PCI Whitelist":
 * devices are those that are returned as a result of querying libvirt.
 */
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { NodeCapabilities } from '#core/pci/devices/node-capabilities.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';

export interface NodeDevices {
  /**
   * What it says of each of these functions, by address; one that it does not know has no key.
   * Nothing is asked for no functions. Throws `unavailable` when it cannot say: it does not answer,
   * has no driver for node devices, or lists no PCI function at all.
   */
  describe(functions: readonly PciFunction[]): Promise<Map<PciAddress, NodeCapabilities>>;
  /**
   * Calls the listener when what it knows of the host's devices may have changed, until the
   * returned function is called.
   */
  watch(listener: () => void): () => void;
}
