/**
 * Facts of this machine for the checks of `novella doctor`, from files below a root and from the
 * programs in its path. Changes nothing.
 */
import { constants } from 'node:fs';
import { access, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CheckedModule,
  checkedModules,
  type HostFacts,
  type ModuleState,
  type NodeState,
  type ToolFacts,
} from '#core/hosts/host-facts.ts';
import { readFunctionDetails } from './read-functions.ts';
import { readStateDirectory } from './state-directory.ts';

export interface HostPlaces {
  /** The parent of `sys`, `proc`, `dev`, `lib`. Example: `/`, or a described machine's folder. */
  root: string;
  /** Node's name for the processor. Example: `x64`. */
  architecture: string;
  /** Example: `6.12.107-amd64`. */
  kernelRelease: string;
  isRoot: boolean;
  /** Folders with programs. */
  programFolders: readonly string[];
  /** Absent: not checked. */
  stateDirectory?: string;
}

/** Reads files only: cheap enough to run every half minute. An unreadable file counts as absent. */
export async function readHostFacts(places: HostPlaces): Promise<HostFacts> {
  const { root, architecture, isRoot, stateDirectory } = places;
  const at = (...path: string[]) => join(root, ...path);
  const [cpuInfo, interrupts, modules] = await Promise.all([
    readText(at('proc/cpuinfo')),
    readText(at('proc/interrupts')),
    readModules(places),
  ]);
  return {
    architecture,
    cpuVendor: vendorOf(cpuInfo),
    commandLine: (await readText(at('proc/cmdline'))).trim(),
    isRoot,
    iommuGroups: (await list(at('sys/kernel/iommu_groups'))).length,
    // The kernel prefixes IR- to the name of a chip with interrupt remapping.
    remapsInterrupts: architecture === 'x64' ? /\bIR-/.test(interrupts) : null,
    allowsUnsafeInterrupts: await isUnsafeAllowed(at),
    modules,
    vfioNode: await tryNode(at('dev/vfio/vfio')),
    kvmNode: await tryNode(at('dev/kvm')),
    functions: await readFunctionDetails(at('sys')),
    hugepages: await readHugepages(at('sys/kernel/mm/hugepages')),
    cgroups: await readCgroups(at('sys/fs/cgroup')),
    tools: await findTools(places.programFolders),
    ...(stateDirectory !== undefined && {
      stateDirectory: await readStateDirectory(stateDirectory),
    }),
  };
}

function vendorOf(cpuInfo: string): HostFacts['cpuVendor'] {
  if (cpuInfo.includes('GenuineIntel')) return 'Intel';
  return cpuInfo.includes('AuthenticAMD') ? 'AMD' : 'other';
}

async function isUnsafeAllowed(at: (path: string) => string): Promise<boolean> {
  const file = 'sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts';
  return (await readText(at(file))).startsWith('Y');
}

/** The trace of each module, loaded or built in. */
const signs: Record<CheckedModule, string> = {
  vfio_pci: 'sys/bus/pci/drivers/vfio-pci',
  macvtap: 'sys/class/macvtap',
  '8021q': 'proc/net/vlan/config',
  vhost_net: 'dev/vhost-net',
};

/** Not every built-in module has a folder in `sys/module`. */
async function readModules({
  root,
  kernelRelease,
}: HostPlaces): Promise<Record<CheckedModule, ModuleState>> {
  const folder = join(root, 'lib/modules', kernelRelease);
  const [builtIn, loadable] = await Promise.all([
    readText(join(folder, 'modules.builtin')),
    readText(join(folder, 'modules.dep')),
  ]);
  const states = await Promise.all(
    checkedModules.map(async (name): Promise<[CheckedModule, ModuleState]> => {
      if (hasModule(builtIn, name)) return [name, 'loaded'];
      if (await exists(join(root, 'sys/module', name))) return [name, 'loaded'];
      if (await exists(join(root, signs[name]))) return [name, 'loaded'];
      return [name, hasModule(loadable, name) ? 'available' : 'absent'];
    }),
  );
  return Object.fromEntries(states) as Record<CheckedModule, ModuleState>;
}

/**
 * File names have hyphens where kernel names have underscores. Example line:
 * `kernel/drivers/vfio/pci/vfio-pci.ko.xz: …`.
 */
function hasModule(lines: string, name: CheckedModule): boolean {
  const file = name.replaceAll('_', '[-_]');
  return new RegExp(`(^|/)${file}\\.ko`, 'm').test(lines);
}

async function tryNode(path: string): Promise<NodeState> {
  try {
    const node = await open(path, 'r+');
    await node.close();
    return { state: 'opens' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { state: 'absent' } : { state: 'refused', why: message };
  }
}

async function readHugepages(folder: string): Promise<HostFacts['hugepages']> {
  const sizes = (await list(folder)).sort();
  return Promise.all(
    sizes.map(async (name) => ({
      sizeKib: Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0),
      total: Number(await readText(join(folder, name, 'nr_hugepages'))),
      free: Number(await readText(join(folder, name, 'free_hugepages'))),
    })),
  );
}

async function readCgroups(folder: string): Promise<HostFacts['cgroups']> {
  if (await exists(join(folder, 'cgroup.controllers'))) return 'v2';
  return (await exists(join(folder, 'cpu'))) ? 'v1' : 'none';
}

const isoMakers = ['genisoimage', 'xorriso'];

async function findTools(folders: readonly string[]): Promise<ToolFacts> {
  return {
    qemuImg: await findProgram(folders, ['qemu-img']),
    isoMaker: await findProgram(folders, isoMakers),
  };
}

/** The first of these programs that is executable, with its path; null when none is. */
export async function findProgram(
  folders: readonly string[],
  names: readonly string[],
): Promise<string | null> {
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await exists(path, constants.X_OK)) return path;
    }
  }
  return null;
}

async function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
