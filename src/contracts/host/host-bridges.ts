/** The bridges under NICs of networks that no network agent wires: the host creates them itself. */
import type { BridgeWiring } from '#core/guests/description/guest.ts';

/** The MAC of a guest whose standby is on a bridge of this physical network. */
export interface Uplink {
  physicalNetwork: string;
  macAddress: string;
}

/**
 * Every operation is idempotent. A refusal of the host throws `unavailable` with its error text.
 */
export interface HostBridges {
  /**
   * Ensures that the bridge exists, is up, and is wired as specified. Throws `unavailable` when the
   * physical network has no interface here, or one that the host itself needs.
   */
  ensureBridge(bridge: string, wiring: BridgeWiring): Promise<void>;
  /**
   * Removes the bridge and what was created for it. What we did not create is kept, and so is a
   * bridge with other ports.
   */
  releaseBridge(bridge: string): Promise<void>;
  /** The host's interface of this physical network; null: it has none. */
  interfaceOf(physicalNetwork: string): Promise<string | null>;
  /**
   * Frames to this MAC come up to the bridges from the host's interface of the physical network. A
   * card with VFs passes up only those to its own MACs, whatever the bridge requests. Throws
   * `unavailable` when the physical network has no interface here.
   */
  openUplink(uplink: Uplink): Promise<void>;
  /** Whether frames to this MAC come up already, whoever requested it. */
  hasUplink(uplink: Uplink): Promise<boolean>;
  /** No longer, whoever requested it. No error where they never did. */
  closeUplink(uplink: Uplink): Promise<void>;
}
