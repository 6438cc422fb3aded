/**
 * The input of `novella doctor`: this machine, read through sysfs, libvirt and QEMU, and the
 * operator's settings for it.
 */
import { checkCertificate } from '#core/host-identity/check-certificate.ts';
import { checkHost } from '#core/hosts/check-host.ts';
import type { HostCheck } from '#core/hosts/host-check.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import { type DeviceSpecSource, parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { askLibvirt, askNodeDevices, askQemu } from '#integrations/host-facts/ask-programs.ts';
import { readHostFacts } from '#integrations/host-facts/read-host.ts';
import { readIdentity } from '#integrations/host-link/identity/read-identity.ts';
import { askProgram } from '#runtime/run-program.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { type AgentConfig, readAgentConfig, usualStateDir } from '../config/agent-config.ts';
import { hostPlaces } from '../hosts/host-health.ts';

/** The settings that a host is checked for. */
interface ExaminedHost {
  deviceSpec: readonly DeviceSpecSource[];
  vfCounts: Readonly<Record<string, number>>;
  stateDirectory: string;
  libvirtUri: string;
}

/** The minimum for any host, for a machine without a configuration yet. */
const unconfigured: ExaminedHost = {
  deviceSpec: [],
  vfCounts: {},
  stateDirectory: usualStateDir,
  libvirtUri: 'qemu:///system',
};

/**
 * Inspects this machine and judges it. Throws `invalid` for errors in the agent's configuration
 * file. Changes nothing.
 */
export async function examineHost(configFile: string | undefined): Promise<HostCheck[]> {
  const config = configFile === undefined ? undefined : readAgentConfig(configFile);
  const host = config === undefined ? unconfigured : examinedHost(config);
  const { architecture, ...places } = hostPlaces(host.stateDirectory);
  const pciBus = new SysfsPciBus({ root: '/sys' });
  const [facts, libvirt, qemuVersion, { functions }] = await Promise.all([
    readHostFacts({ architecture, ...places }),
    askLibvirt(askProgram, host.libvirtUri),
    askQemu(askProgram, architecture),
    pciBus.listFunctions(),
  ]);
  const deviceSpecs = parseDeviceSpecs([...host.deviceSpec], functions);
  const matchDevice = compileDeviceSpecs(deviceSpecs, functions);
  const offered = functions.filter((fn) => matchDevice(fn) !== undefined);
  const uses = await usesOf(pciBus, offered);
  // One that does not answer is named already.
  const nodeDevices =
    libvirt.state === 'answers' && offered.length > 0
      ? { nodeDevices: await askNodeDevices(askProgram, host.libvirtUri) }
      : {};
  const certificate = config === undefined ? [] : [checkIdentity(config)];
  const rows = checkHost({
    facts: { ...facts, libvirt, qemuVersion, ...nodeDevices },
    functions,
    deviceSpecs,
    vfCounts: host.vfCounts,
    ...(uses !== undefined && { uses }),
  });
  return [...rows, ...certificate];
}

function checkIdentity({ host, stateDir, token }: AgentConfig): HostCheck {
  return checkCertificate(host.name, readIdentity(stateDir, token !== undefined), Date.now());
}

/** A machine without iproute2 does not report it. */
async function usesOf(pciBus: SysfsPciBus, offered: readonly PciFunction[]) {
  try {
    return await pciBus.usesByHost(offered.map(({ address }) => address));
  } catch {
    return undefined;
  }
}

function examinedHost({ host, stateDir }: AgentConfig): ExaminedHost {
  const { deviceSpec, vfCounts, libvirt } = host;
  return { deviceSpec, vfCounts, stateDirectory: stateDir, libvirtUri: libvirt.uri };
}
