/**
 * A tap that the host makes before its guest starts, where a binding requires that the hypervisor
 * does not.
 */

/** `mtu` null: the kernel's default. */
export interface HostTap {
  /** Example: `tap6d0f5f54-11`. */
  devName: string;
  /** The MAC of the guest's NIC at the other end. */
  macAddress: string;
  mtu: number | null;
  /**
   * One queue for each of the guest's: the kernel opens a tap only in the mode in which it was
   * made.
   */
  isMultiQueue: boolean;
  /** Its Open vSwitch port; null: another program connects it. */
  ovs: OvsPort | null;
}

/**
 * A port of an Open vSwitch bridge. Source: Open vSwitch `Documentation/topics/integration.rst`,
 * `external_ids` of an interface.
 */
export interface OvsPort {
  /** Example: `br-int`. */
  bridge: string;
  /** The port's id, by which the network's agent finds it. */
  interfaceId: string;
}
