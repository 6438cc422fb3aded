/** The machine that is looked at. */
import type { HostNetwork } from './host-uses.ts';

/**
 * `sysfs`: its root. `machine`: the folder with `proc` and `dev`. Example: `{ sysfs: '/sys',
 * machine: '/', network }`.
 */
export interface LookedAt {
  sysfs: string;
  machine: string;
  /** Asked for only where there is an interface. */
  network: () => Promise<HostNetwork>;
}
