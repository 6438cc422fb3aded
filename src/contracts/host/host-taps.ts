/** The taps of NICs whose binding says that they are there before the guest starts. */
import type { HostTap } from '#core/guests/description/host-tap.ts';

/** Every act is idempotent. What the host refuses throws `unavailable` with its words. */
export interface HostTaps {
  /**
   * The tap is there and up, and a port of its Open vSwitch bridge if it has one. `guestId`: whose
   * it is. Throws `unavailable` when another program has an interface of this name, or the bridge
   * is not there: nothing is left then.
   */
  ensureTap(tap: HostTap, guestId: string): Promise<void>;
  /** Takes it away, and its port with it. What we did not make stays. */
  removeTap(tap: HostTap): Promise<void>;
}
