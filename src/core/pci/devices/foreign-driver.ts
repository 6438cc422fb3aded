/**
 * Kernel drivers that hold a device for a program of the host. Source: DPDK, "Linux drivers"; Linux
 * `drivers/xen/xen-pciback`.
 */

const foreignDrivers = ['uio_pci_generic', 'igb_uio', 'uio_hv_generic', 'pci-stub', 'xen-pciback'];

/**
 * Does another program use the device while it has this driver? Example: `igb_uio` → true; `igbvf`,
 * `vfio-pci` → false.
 */
export function isForeignDriver(driver: string): boolean {
  return foreignDrivers.includes(driver);
}
