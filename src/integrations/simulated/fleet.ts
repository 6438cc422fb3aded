/** Importer: a fleet of identical hosts, for measurements and what-if questions. */
import type { PciFunction } from '#core/pci/devices/device.ts';
import { describedFunctions } from './machine/described-devices.ts';
import { type HostSize, type SimulatedHost, simulatedHost } from './simulated-host.ts';

/**
 * Each host of the fleet: `pfs` cards on alternating NUMA nodes, each with `vfsPerPf` VFs (at most
 * 255).
 */
export interface FleetPlan extends HostSize {
  hosts: number;
  pfs: number;
  vfsPerPf: number;
}

/**
 * The hosts of a fleet, named `host-0001` and so on; the MACs of all cards differ.
 * Example: `{ hosts: 100, pfs: 2, vfsPerPf: 8 }` → 100 hosts with 2 PFs and 16 VFs each.
 */
export function simulatedFleet(plan: FleetPlan): SimulatedHost[] {
  const nodes = plan.numaNodes ?? 2;
  const cards = Array.from({ length: plan.pfs }, (_, card) => ({
    kind: 'PF' as const,
    bus: (0x20 + card).toString(16),
    vfs: plan.vfsPerPf,
    numa: card % nodes,
  }));
  // What is equal is made once, and shared by thousands of hosts.
  const made = simulatedHost('', describedFunctions(cards), plan);
  return Array.from({ length: plan.hosts }, (_, index) => {
    const macs = cards.map((_card, card) => cardMac(index, card));
    return {
      ...made,
      name: `host-${String(index + 1).padStart(4, '0')}`,
      functions: made.functions.map((fn, at) =>
        withCardMac(fn, macs[Math.floor(at / (plan.vfsPerPf + 1))] ?? ''),
      ),
    };
  });
}

/** The function on a card with this MAC. */
function withCardMac(fn: PciFunction, macAddress: string): PciFunction {
  if (fn.deviceType === 'type-PF') return { ...fn, macAddress };
  return { ...fn, capabilities: { sriov: { ...fn.capabilities.sriov, pfMacAddress: macAddress } } };
}

function cardMac(host: number, card: number): string {
  const pair = (value: number) => (value & 0xff).toString(16).padStart(2, '0');
  return `02:4e:${pair(host >> 8)}:${pair(host)}:00:${pair(card)}`;
}
