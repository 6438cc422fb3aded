/** Simulated hosts with what their agents need: made from the captured igb machine, by the fleet generator, or from a description. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DeviceSpecSource, parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import { domainXml } from '#integrations/libvirt/domain-xml.ts';
import { describedFunctions } from '#integrations/simulated/described-devices.ts';
import { HostFaults } from '#integrations/simulated/host-faults.ts';
import { simulatedFleet } from '#integrations/simulated/fleet.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { SimulatedPciBus } from '#integrations/simulated/pci-bus.ts';
import {
  type SimulatedHost,
  simulatedHost,
  sizeOf,
} from '#integrations/simulated/simulated-host.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/sysfs-tree.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import type { AgentOptions } from '#agent/agent-options.ts';
import type { CapturedHostConfig, Config, DescribedHostConfig } from './config.ts';

/** A host before its agent runs. `machine` may be changed: its hypervisor and its PCI bus show what it is now. */
export interface HostParts extends Pick<AgentOptions, 'host' | 'hostIp' | 'deviceSpecs'> {
  hypervisor: SimulatedHypervisor;
  pciBus: SimulatedPciBus;
  machine: SimulatedHost;
  /** What is wrong with it now. */
  faults: HostFaults;
  /** Physical networks that its normal ports reach, beside those of its device specs. */
  bridgeMappings: string[];
  /** Its agent starts only when told. */
  later: boolean;
}

/** The hosts of this configuration. `folder` keeps what each host keeps. Throws `invalid` for a malformed device spec. */
export async function simulatedHosts(
  simulated: Config['simulated'],
  folder: string,
): Promise<HostParts[]> {
  if (simulated.kind === 'captured') {
    return Promise.all(simulated.hosts.map((host, at) => capturedHost(host, at, folder)));
  }
  if (simulated.kind === 'described') {
    return simulated.hosts.map((host, at) => describedHost(host, at, folder));
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

function describedHost(config: DescribedHostConfig, at: number, folder: string): HostParts {
  const { name, cpu, dedicatedCpus = [], deviceSpec, bridgeMappings, later = false } = config;
  const size = cpu === undefined ? {} : sizeOf(cpu);
  const functions = describedFunctions(config.devices);
  const machine = simulatedHost(name, functions, { ...size, dedicatedCpus });
  const parts = hostParts(machine, at, { folder, specs: deviceSpec });
  return { ...parts, bridgeMappings, later };
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
  machine: SimulatedHost,
  at: number,
  { folder, specs }: { folder: string; specs: DeviceSpecSource[] },
): HostParts {
  const hypervisor = new SimulatedHypervisor({
    host: machine,
    domainXml: (guest, macvtapSources) => domainXml(guest, { virtType: 'kvm', macvtapSources }),
    stateDirectory: join(folder, machine.name, 'guests'),
  });
  return {
    host: machine.name,
    // Addresses of documentation (RFC 5737): nothing listens there.
    hostIp: `192.0.2.${(at % 254) + 1}`,
    hypervisor,
    pciBus: new SimulatedPciBus({ host: machine, listGuests: () => hypervisor.listGuests() }),
    deviceSpecs: parseDeviceSpecs(specs, machine.functions),
    machine,
    faults: new HostFaults(),
    bridgeMappings: [],
    later: false,
  };
}
