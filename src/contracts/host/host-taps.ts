/** The taps of NICs whose binding requires that they exist before the guest starts. */
import type { HostTap } from '#core/guests/description/host-tap.ts';

/**
 * Every operation is idempotent. A refusal of the host throws `unavailable` with its error text.
 */
export interface HostTaps {
  /**
   * The tap exists, is up, and is a port of its Open vSwitch bridge if it has one. `guestId`: its
   * guest. Throws `unavailable`, with nothing left behind, when another program has an interface of
   * this name, or the bridge is missing.
   */
  ensureTap(tap: HostTap, guestId: string): Promise<void>;
  /** Removes it and its port. What we did not create is kept. */
  removeTap(tap: HostTap): Promise<void>;
}
