/**
 * Loaded into an agent with a simulated machine: writes the id of each guest that is rebooted to
 * the file in `NOVELLA_TORTURE_REBOOTS`, before the reboot.
 */
import { appendFileSync } from 'node:fs';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';

const file = process.env['NOVELLA_TORTURE_REBOOTS'] ?? '';
const { prototype } = SimulatedHypervisor;
type Reboot = (this: SimulatedHypervisor, guestId: string) => Promise<void>;
const reboot: Reboot = Reflect.get(prototype, 'reboot');
Object.defineProperty(prototype, 'reboot', {
  async value(this: SimulatedHypervisor, guestId: string): Promise<void> {
    appendFileSync(file, `${guestId}\n`);
    await reboot.call(this, guestId);
  },
});
