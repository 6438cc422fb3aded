/**
 * A tap that the host makes before its guest starts, where a binding says that the hypervisor is
 * not to.
 */

/** `mtu` null: the kernel's default. */
export interface HostTap {
  /** Example: `tap6d0f5f54-11`. */
  devName: string;
  /** What the guest's NIC has at the other end. */
  macAddress: string;
  mtu: number | null;
  /**
   * One queue for each of the guest's: the kernel opens it only in the way in which it was made.
   */
  isMultiQueue: boolean;
  /** The port that it is of Open vSwitch; null: somebody else connects it. */
  ovs: OvsPort | null;
}

/**
 * A port of an Open vSwitch bridge. Source: Open vSwitch `Documentation/topics/integration.rst`,
 * `external_ids` of an interface.
 */
export interface OvsPort {
  /** Example: `br-int`. */
  bridge: string;
  /** By which the network's agent finds it: the id of the port. */
  interfaceId: string;
}
