/** What `novella doctor` is handed: this machine, looked at through sysfs, libvirt and QEMU, and the operator's settings for it. */
import { release } from 'node:os';
import { checkHost } from '#core/hosts/check-host.ts';
import type { HostCheck } from '#core/hosts/host-check.ts';
import { type DeviceSpecSource, parseDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import { askLibvirt, askQemu, runProgram } from '#integrations/host-facts/ask-programs.ts';
import { readHostFacts } from '#integrations/host-facts/read-host.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';

/** Settings of this host, as its configuration has them. */
export interface ExaminedHost {
  deviceSpec: readonly DeviceSpecSource[];
  /** How many VFs a PF is to have, by its interface or address. */
  vfCounts: Readonly<Record<string, number>>;
  stateDirectory: string;
  libvirtUri: string;
}

/** Looks at this machine and judges it. Throws `invalid` for a malformed device spec. Changes nothing. */
export async function examineHost(host: ExaminedHost): Promise<HostCheck[]> {
  const architecture = process.arch;
  const [facts, libvirt, qemuVersion, { functions }] = await Promise.all([
    readHostFacts(thisMachine(host.stateDirectory)),
    askLibvirt(runProgram, host.libvirtUri),
    askQemu(runProgram, architecture),
    new SysfsPciBus({ root: '/sys' }).listFunctions(),
  ]);
  return checkHost({
    facts: { ...facts, libvirt, qemuVersion },
    functions,
    deviceSpecs: parseDeviceSpecs([...host.deviceSpec], functions),
    vfCounts: host.vfCounts,
  });
}

/** Where the facts of the machine that we run on are. */
export function thisMachine(stateDirectory: string): Parameters<typeof readHostFacts>[0] {
  const folders = (process.env['PATH'] ?? '').split(':');
  return {
    root: '/',
    architecture: process.arch,
    kernelRelease: release(),
    isRoot: process.getuid?.() === 0,
    programFolders: [...folders, '/usr/sbin', '/usr/bin'].filter((folder) => folder !== ''),
    stateDirectory,
  };
}
