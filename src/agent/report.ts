/** What the agent says of its host: facts, guests, and the PCI functions that its device specs admit. */
import type { HostReport } from '#contracts/host-link.ts';
import { compileDeviceSpecs } from '#core/pci/device-matcher.ts';
import type { AgentOptions } from './agent-options.ts';

/** Looks at the host now. A function that cannot be read is logged and left out; it never hides the others. */
export async function reportHost(options: AgentOptions): Promise<HostReport> {
  const [facts, guests, bus] = await Promise.all([
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
  return { facts, hostIp: options.hostIp, devices, guests };
}
