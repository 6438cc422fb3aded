/** At the agent's start, before its first report: what an earlier agent left half done on the host is put in order. */
import type { PciAddress } from '#core/pci/address.ts';
import type { AgentOptions } from './agent-options.ts';

/**
 * Tells the host's caretaker which devices guests have, so that it can clean the others: a VF that still has the MAC or VLAN of a guest that
 * is gone would get that guest's traffic. Guests that are off keep theirs. Nothing is touched while the hypervisor does not answer.
 */
export async function reconcileHost(options: AgentOptions): Promise<void> {
  if (options.cleanUnheld === undefined) return;
  try {
    const guests = await options.hypervisor.listGuests();
    const held = guests.flatMap(({ devices }) => devices.map(({ address }) => address));
    await options.cleanUnheld(new Set<PciAddress>(held));
  } catch (error) {
    options.log.warn({ err: error, host: options.host }, 'the host could not be put in order');
  }
}
