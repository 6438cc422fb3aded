/** What the user requested for one NIC: the seed's "requested network" tuple. */

/**
 * A network or a port, in the order of the boot request, and the PCI request it led to.
 * Source: the seed, "requested_networks (NICs)".
 */
export interface NetworkRequest {
  networkId: string | null;
  fixedIp: string | null;
  portId: string | null;
  /** Device role tag (microversion 2.32). */
  tag: string | null;
  /** Finds the device allocated for this NIC; null when it needs none. */
  pciRequestId: string | null;
}
