/** The machine that is inspected. */
import type { HostNetwork } from './host-uses.ts';

/**
 * `sysfs`: its root. `machine`: the folder with `proc` and `dev`. Example: `{ sysfs: '/sys',
 * machine: '/', network }`.
 */
export interface InspectedMachine {
  sysfs: string;
  machine: string;
  /** Called only where there is an interface. */
  network: () => Promise<HostNetwork>;
}
