/** Problems of this machine, for its agent: the checks of `novella doctor` that run no program. */
import { release } from 'node:os';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import { checkHost } from '#core/hosts/check-host.ts';
import { noKvm } from '#core/hosts/check-machine.ts';
import { type HostCheck, problemsOf } from '#core/hosts/host-check.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import { type HostPlaces, readHostFacts } from '#integrations/host-facts/read-host.ts';

export interface WatchedMachine {
  /** Where its facts are read. */
  places: HostPlaces;
  pciBus: PciBus;
  deviceSpecs: readonly DeviceSpec[];
}

/**
 * Whether guests would be emulated, which is logged at the start though it keeps no server away.
 */
export async function startNotes(machine: WatchedMachine): Promise<string[]> {
  return (await checks(machine))
    .filter(({ code, level }) => code === noKvm && level !== 'ok')
    .map(({ found, fix }) => `${found} (${fix ?? 'see novella doctor'})`);
}

/** Checks now. Excludes libvirt, which the agent monitors itself, and VF counts, which it sets. */
export async function machineProblems(machine: WatchedMachine): Promise<HostProblem[]> {
  return problemsOf(await checks(machine));
}

async function checks({ places, pciBus, deviceSpecs }: WatchedMachine): Promise<HostCheck[]> {
  const [facts, { functions }] = await Promise.all([readHostFacts(places), pciBus.listFunctions()]);
  return checkHost({ facts, functions, deviceSpecs, vfCounts: {} });
}

/** The machine that this process runs on. */
export function hostPlaces(stateDirectory: string): HostPlaces {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return {
    root: '/',
    architecture: process.arch,
    kernelRelease: release(),
    isRoot: process.getuid?.() === 0,
    programFolders: [...folders, '/usr/sbin', '/usr/bin'],
    stateDirectory,
  };
}
