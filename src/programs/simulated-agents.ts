/** Agents of simulated hosts: each with a host made from the captured igb machine, or from the fleet generator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DeviceSpecSource, parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import { domainXml } from '#integrations/libvirt/domain-xml.ts';
import { simulatedFleet } from '#integrations/simulated/fleet.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { SimulatedPciBus } from '#integrations/simulated/pci-bus.ts';
import { type SimulatedHost, simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/sysfs-tree.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import type { AgentOptions } from '#agent/agent-options.ts';
import type { CapturedHostConfig, Config } from './config.ts';

/** What is known of a host before its agent runs: the parts that an agent needs, without clock and log. */
export type HostParts = Pick<
  AgentOptions,
  'host' | 'hostIp' | 'hypervisor' | 'pciBus' | 'deviceSpecs'
>;

/** The hosts of this configuration. `folder` keeps what each host keeps. Throws `invalid` for a malformed device spec. */
export async function simulatedHosts(
  simulated: Config['simulated'],
  folder: string,
): Promise<HostParts[]> {
  if (simulated.kind === 'captured') {
    return Promise.all(simulated.hosts.map((host, at) => capturedHost(host, at, folder)));
  }
  const { hosts, pfs, vfs } = simulated;
  return simulatedFleet({ hosts, pfs, vfsPerPf: vfs }).map((host, at) =>
    hostParts(host, at, { folder, specs: fleetSpecs(host) }),
  );
}

async function capturedHost(
  config: CapturedHostConfig,
  at: number,
  folder: string,
): Promise<HostParts> {
  const root = join(folder, config.name, 'sys');
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), root);
  const { functions } = await new SysfsPciBus({ root }).listFunctions();
  const size = { cpus: config.vcpus, memoryMib: config.memoryMib, diskGib: config.diskGib };
  const host = simulatedHost(config.name, functions, size);
  return hostParts(host, at, { folder, specs: config.deviceSpec });
}

/** Each PF of a fleet host with its VFs is on physnet1 and physnet2 in turn. */
function fleetSpecs(host: SimulatedHost): DeviceSpecSource[] {
  const pfs = host.functions.filter((fn) => fn.deviceType === 'type-PF');
  return pfs.map((pf, at) => ({
    object: { address: pf.address, physical_network: `physnet${(at % 2) + 1}` },
    source: `fleet host ${host.name}`,
  }));
}

function hostParts(
  host: SimulatedHost,
  at: number,
  { folder, specs }: { folder: string; specs: DeviceSpecSource[] },
): HostParts {
  const hypervisor = new SimulatedHypervisor({
    host,
    domainXml: (guest, macvtapSources) => domainXml(guest, { virtType: 'kvm', macvtapSources }),
    stateDirectory: join(folder, host.name, 'guests'),
  });
  return {
    host: host.name,
    // Addresses of documentation (RFC 5737): nothing listens there.
    hostIp: `192.0.2.${(at % 254) + 1}`,
    hypervisor,
    pciBus: new SimulatedPciBus({ host, listGuests: () => hypervisor.listGuests() }),
    deviceSpecs: parseDeviceSpecs(specs, host.functions),
  };
}
