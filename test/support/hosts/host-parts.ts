/**
 * The parts of a host for tests of the agent: a described igb kernel under the real PCI bus, and a
 * simulated hypervisor.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { hostParts } from '#agent/host-parts.ts';
import type { AgentOptions } from '#agent/agent-options.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { domainXml } from '#integrations/libvirt/xml/domain-xml.ts';
import { SimulatedGuestFiles } from '#integrations/simulated/guest-files.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { DescribedIgb } from './described-igb.ts';
import { describedImages } from '../images/image-source.ts';
import { silentLog } from '../silent-log.ts';

/**
 * `folder`: where its sysfs is created. Nothing waits for a driver, or a node device, that does not
 * appear.
 */
export function anIgbHost(folder: string) {
  const kernel = new DescribedIgb(join(mkdtempSync(join(folder, 'igb-')), 'sys'));
  const { root, run, write } = kernel;
  const hypervisor = new SimulatedHypervisor({
    host: simulatedHost('host-1', []),
    domainXml: (guest, nicSources) => domainXml(guest, { virtType: 'kvm', nicSources }),
  });
  const bridges = new SimulatedBridges({ host: 'host-1' });
  const taps = new SimulatedTaps();
  const links = new SimulatedLinks({ functions: [] });
  const options: AgentOptions & { driverWaitMs: number; nodeWaitMs: number } = {
    host: 'host-1',
    hostIp: '192.0.2.1',
    hypervisor,
    pciBus: new SysfsPciBus({ root, run, write }),
    guestFiles: new SimulatedGuestFiles({
      owner: 'host host-1',
      images: describedImages({ rescue: { content: Buffer.alloc(1024) } }),
    }),
    bridges,
    taps,
    links,
    memory: new SimulatedMemory(),
    deviceSpecs: [],
    bridgedNetworks: [],
    journal: memoryJournal(),
    log: silentLog,
    heartbeatMs: 10_000,
    driverWaitMs: 0,
    nodeWaitMs: 0,
  };
  return { kernel, hypervisor, bridges, taps, options, parts: hostParts(options) };
}
