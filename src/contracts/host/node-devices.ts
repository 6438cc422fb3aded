/**
 * The host's PCI functions as the hypervisor reports them. Source: the seed, "PCI Whitelist":
 * devices are those that are returned as a result of querying libvirt.
 */
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { NodeCapabilities } from '#core/pci/devices/node-capabilities.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';

export interface NodeDevices {
  /**
   * The hypervisor's data on each of these functions, by address; one unknown to it has no key. An
   * empty list sends no query. Throws `unavailable` when the hypervisor does not answer, has no
   * driver for node devices, or lists no PCI function at all.
   */
  describe(functions: readonly PciFunction[]): Promise<Map<PciAddress, NodeCapabilities>>;
  /**
   * Calls the listener when the hypervisor's device data may have changed, until the returned
   * function is called.
   */
  watch(listener: () => void): () => void;
}
