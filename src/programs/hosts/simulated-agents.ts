/**
 * Simulated hosts with what their agents need: made from the captured igb machine, by the fleet
 * generator, or from a description.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSource } from '#contracts/services/images.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import { type DeviceSpecSource, parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import type { VfSettingName } from '#core/pci/vf/vf-settings.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { domainXml } from '#integrations/libvirt/xml/domain-xml.ts';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { keptFolders } from '#integrations/simulated/kept-guests.ts';
import { HostFaults } from '#integrations/simulated/host-faults.ts';
import { simulatedFleet } from '#integrations/simulated/fleet.ts';
import { SimulatedGuestFiles } from '#integrations/simulated/guest-files.ts';
import { SimulatedTransfer } from '#integrations/simulated/guest-transfer.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedConsoles } from '#integrations/simulated/consoles/guest-consoles.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { igbFeatures, SimulatedNodeDevices } from '#integrations/simulated/machine/node-devices.ts';
import { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import {
  type SimulatedHost,
  simulatedHost,
  sizeOf,
} from '#integrations/simulated/simulated-host.ts';
import { simulatedUptime } from '#integrations/simulated/machine/uptime.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { ChangeCounter } from '#runtime/timing/change-counter.ts';
import type { CapturedHostConfig, Config, DescribedHostConfig } from '../config/config.ts';
import type { HostParts } from '../config/host-parts.ts';
import { AlikeHosts } from '#integrations/simulated/alike-hosts.ts';

/** What all simulated hosts have. `folder` is for the data of each host. */
interface Surroundings {
  folder: string;
  /** Where the host of this name reads its images. */
  imagesOf: (host: string) => ImageSource;
  /** The files of guests by shared storage. Absent: no host shares any. */
  shared?: Map<string, SimulatedGuestFiles>;
}

/** The hosts of this configuration. Throws `invalid` for a malformed device spec. */
export async function simulatedHosts(
  simulated: Config['simulated'],
  surroundings: Surroundings,
): Promise<HostParts[]> {
  const around = { ...surroundings, shared: new Map() };
  if (simulated.kind === 'captured') {
    return Promise.all(simulated.hosts.map((host, at) => capturedHost(host, at, around)));
  }
  if (simulated.kind === 'described') {
    return simulated.hosts.map((host, at) => describedHost(host, at, around));
  }
  return fleetHosts(simulated, around);
}

/** The hosts of a fleet. They differ in names and MACs only: what is equal is made once. */
function fleetHosts(
  { hosts, pfs, vfs }: Extract<Config['simulated'], { kind: 'fleet' }>,
  around: Surroundings,
): HostParts[] {
  const fleet = simulatedFleet({ hosts, pfs, vfsPerPf: vfs });
  const functions = fleet[0]?.functions ?? [];
  const deviceSpecs = parseDeviceSpecs(fleetSpecs(functions), functions);
  const alike = new AlikeHosts(fleet, deviceSpecs);
  return fleet.map((host, at) => ({
    ...hostParts(host, at, { ...around, deviceSpecs, makesFoldersLate: true }),
    alike,
    // No operator has written them.
    auditsSpecs: false,
  }));
}

/** As on an igb. */
const igbUnsupported: VfSettingName[] = ['linkState', 'minTxRateMbps'];

/** A host with the captured igb machine; `at`: its index among such hosts. */
export async function capturedHost(
  config: CapturedHostConfig,
  at: number,
  around: Surroundings,
): Promise<HostParts> {
  const root = join(around.folder, config.name, 'sys');
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), root);
  const { functions } = await new SysfsPciBus({ root }).listFunctions();
  const size = { cpus: config.vcpus, memoryMib: config.memoryMib, diskGib: config.diskGib };
  const host = simulatedHost(config.name, functions, size);
  return hostParts(host, at, {
    ...around,
    deviceSpecs: parseDeviceSpecs(config.deviceSpec, functions),
    unsupported: igbUnsupported,
    features: igbFeatures,
    sharedStorage: config.sharedStorage,
  });
}

function describedHost(config: DescribedHostConfig, at: number, around: Surroundings): HostParts {
  const { name, cpu, dedicatedCpus = [], deviceSpec, bridgeMappings, startsDown = false } = config;
  const { sharedStorage } = config;
  const size = cpu === undefined ? {} : sizeOf(cpu);
  const functions = describedFunctions(config.devices);
  const machine = simulatedHost(name, functions, { ...size, dedicatedCpus });
  const parts = hostParts(machine, at, {
    ...around,
    deviceSpecs: parseDeviceSpecs(deviceSpec, functions),
    sharedStorage,
  });
  return { ...parts, bridgedNetworks: bridgeMappings, startsDown };
}

/** Each PF of a fleet host with its VFs is on physnet1 and physnet2 in turn. */
function fleetSpecs(functions: readonly PciFunction[]): DeviceSpecSource[] {
  const pfs = functions.filter((fn) => fn.deviceType === 'type-PF');
  return pfs.map((pf, at) => ({
    object: { address: pf.address, physical_network: `physnet${(at % 2) + 1}` },
    source: 'fleet host',
  }));
}

interface HostMaking extends Surroundings {
  deviceSpecs: DeviceSpec[];
  unsupported?: readonly VfSettingName[];
  /** Of the interfaces of its VFs. */
  features?: readonly string[];
  /** Its folders are made with its first guest: making them takes long for thousands of hosts. */
  makesFoldersLate?: boolean;
  sharedStorage?: string | undefined;
}

function hostParts(
  machine: SimulatedHost,
  at: number,
  {
    folder,
    imagesOf,
    deviceSpecs,
    unsupported = [],
    features = [],
    makesFoldersLate = false,
    sharedStorage,
    shared = new Map(),
  }: HostMaking,
): HostParts {
  const recordsFiles = existsSync(join(folder, machine.name, 'files'));
  if (!makesFoldersLate) {
    for (const name of keptFolders)
      mkdirSync(join(folder, machine.name, name), { recursive: true });
  }
  const hypervisor = new SimulatedHypervisor({
    host: machine,
    domainXml: (guest, nicSources) => domainXml(guest, { virtType: 'kvm', nicSources }),
    stateDirectory: join(folder, machine.name, 'guests'),
  });
  const listGuests = () => hypervisor.listGuests();
  const changes = new ChangeCounter();
  const pciBus = new SimulatedPciBus({ host: machine, listGuests, unsupported, changes });
  const images = imagesOf(machine.name);
  const filesIn = (place: string, owner: string) =>
    new SimulatedGuestFiles({ images, owner, stateDirectory: join(folder, place, 'files') });
  const guestFiles =
    sharedStorage === undefined
      ? filesIn(machine.name, `host ${machine.name}`)
      : (shared.get(sharedStorage) ??
        filesIn(`shared.${sharedStorage}`, `storage ${sharedStorage}`));
  if (sharedStorage !== undefined) shared.set(sharedStorage, guestFiles);
  else if (!recordsFiles) void listGuests().then((found) => guestFiles.recordEarlier(found));
  const faults = new HostFaults();
  return {
    host: machine.name,
    // Documentation addresses (RFC 5737): nothing listens there.
    hostIp: `192.0.2.${(at % 254) + 1}`,
    hypervisor,
    consoles: new SimulatedConsoles(hypervisor),
    pciBus,
    nodeDevices: new SimulatedNodeDevices({ host: machine, features }),
    bridges: new SimulatedBridges({ host: machine.name }),
    taps: new SimulatedTaps(),
    links: new SimulatedLinks(machine, faults),
    memory: new SimulatedMemory(),
    guestFiles,
    ...(sharedStorage !== undefined && { sharedStorage }),
    transfer: new SimulatedTransfer(guestFiles, hypervisor, faults),
    deviceSpecs,
    bridgedNetworks: [],
    offloadBridge: 'br-int',
    journal: memoryJournal(),
    uptime: simulatedUptime,
    simulated: { machine, hypervisor, pciBus, guestFiles, faults, changes },
  };
}
