/** What the agent says of its host: facts, guests, and the PCI functions that its device specs admit. */
import type { HostReport } from '#contracts/host-link.ts';
import { compileDeviceSpecs } from '#core/pci/device-matcher.ts';
import { reachedNetworks } from '#core/networking/reached-networks.ts';
import { withoutReserved } from '#core/scheduling/reserved.ts';
import type { AgentOptions } from './agent-options.ts';

/** Looks at the host now. A function that cannot be read is logged and left out; it never hides the others. */
export async function reportHost(options: AgentOptions): Promise<HostReport> {
  const [whole, guests, bus] = await Promise.all([
    options.hypervisor.facts(),
    options.hypervisor.listGuests(),
    options.pciBus.listFunctions(),
  ]);
  for (const odd of bus.unreadable) {
    options.log.warn({ host: options.host, ...odd }, 'PCI function left out');
  }
  const matchDevice = compileDeviceSpecs(options.deviceSpecs, bus.functions);
  const devices = bus.functions.flatMap((fn) => {
    const match = matchDevice(fn);
    return match === undefined ? [] : [{ function: fn, tags: match.tags }];
  });
  const facts = options.reserved ? withoutReserved(whole, options.reserved) : whole;
  const physicalNetworks = reachedNetworks(options.deviceSpecs, options.bridgedNetworks);
  return { facts, hostIp: options.hostIp, physicalNetworks, devices, guests };
}
