/**
 * The PCI devices that a server requests: one request per SR-IOV port, and those of the flavor's
 * aliases.
 */

export const numaPolicies = ['required', 'socket', 'preferred', 'legacy'] as const;

/**
 * How strictly a device must be on the guest's NUMA nodes. Source: Nova
 * `hw:pci_numa_affinity_policy`.
 */
export type NumaPolicy = (typeof numaPolicies)[number];

/**
 * Keys a device must have, wire names. Example: `{ physical_network: 'physnet1', remote_managed:
 * 'False' }`.
 */
export type PciRequestSpec = Record<string, string | null>;

/**
 * "count devices, each matching one of spec". The id links it to the NIC that needs it and to the
 * device it gets. Source: the seed, "PCI Requests"; Nova `InstancePCIRequest`.
 */
export interface PciRequest {
  requestId: string;
  count: number;
  spec: PciRequestSpec[];
  /** Must the device have a network interface on the host? A macvtap is made over it. */
  needsInterface: boolean;
  /** The flavor alias it came from; null for a port's. */
  aliasName: string | null;
  numaPolicy: NumaPolicy | null;
  /** The port it is for; null for an alias. */
  requesterId: string | null;
}
