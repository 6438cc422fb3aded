/** The machine that is looked at. */
import type { RunCommand } from '#contracts/run-command.ts';

/** `sysfs`: its root. `machine`: the folder with `proc` and `dev`. Example: `{ sysfs: '/sys', machine: '/', run }`. */
export interface LookedAt {
  sysfs: string;
  machine: string;
  run: RunCommand;
}
