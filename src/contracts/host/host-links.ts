/** The network interfaces of a host. A simulated host and a real one pass the same suite. */
import type { HostInterface } from '#core/guests/moves/link-problems.ts';

export interface HostLinks {
  /** null: the host has no interface of this name now. */
  interfaceNamed(name: string): Promise<HostInterface | null>;
}
