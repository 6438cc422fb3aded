/**
 * The bridges under NICs of networks that no agent of a network service wires: the host makes them
 * itself.
 */
import type { BridgeWiring } from '#core/guests/description/guest.ts';

/** Every act is idempotent. What the host refuses throws `unavailable` with its words. */
export interface HostBridges {
  /**
   * The bridge is there, up, and joined as the wiring says. Throws `unavailable` when the physical
   * network has no interface here, or one that the host needs for itself.
   */
  ensureBridge(bridge: string, wiring: BridgeWiring): Promise<void>;
  /**
   * Takes away the bridge and what was made for it. What we did not make, and a bridge that others
   * have joined, stays.
   */
  releaseBridge(bridge: string): Promise<void>;
}
