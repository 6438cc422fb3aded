/**
 * The input of `novella pci check`: the functions of this machine or of a captured one, and device
 * lists from files.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import type { DeviceList, LocalMachine, PciCheckOptions } from '#cli/pci/pci-check.ts';
import { ComputeError } from '#core/errors.ts';
import { writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { captureSysfs } from '#integrations/sysfs/reading/capture.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { type Config, readConfig } from '../config/config.ts';
import { readNovaConfFiles } from '../config/nova-conf-files.ts';
import { readTextFile } from '../config/text-file.ts';
import { nodeDevicesHere } from './node-devices.ts';

export const localMachine = (surroundings?: Surroundings): LocalMachine => ({
  hostName: hostname(),
  capture: captureSysfs,
  readFunctions: async (path) => {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? readFolder(path) : readCapture(path);
  },
  readUses: async (path, addresses) => {
    // Interfaces in another sysfs have the same names, but not this machine's uses.
    if (resolve(path) !== '/sys') return undefined;
    try {
      return await new SysfsPciBus({ root: '/sys' }).usesByHost(addresses);
    } catch {
      return undefined;
    }
  },
  readNodeDevices: async (path, { config }) => {
    if (resolve(path) !== '/sys') return undefined;
    const { uri } = readConfig(config, surroundings).host.libvirt;
    return nodeDevicesHere(uri);
  },
  readDeviceList: ({ config, novaConf, host }: PciCheckOptions) => {
    if (novaConf !== undefined) return listOfNovaConf(novaConf);
    if (config !== undefined) return listOfConfig(readConfig(config, surroundings), config, host);
    throw new ComputeError(
      'invalid',
      'no device list is named: name a file with --config novella.yaml or --nova-conf nova.conf',
    );
  },
});

async function readFolder(root: string): ReturnType<LocalMachine['readFunctions']> {
  if (existsSync(join(root, 'bus/pci/devices'))) return new SysfsPciBus({ root }).listFunctions();
  throw new ComputeError(
    'invalid',
    `${root}: has no folder bus/pci/devices; must be a sysfs, or this machine has no PCI`,
  );
}

/** The text is unpacked into a temporary tree while it is read. */
async function readCapture(path: string): ReturnType<LocalMachine['readFunctions']> {
  const text = readTextFile(path);
  const root = mkdtempSync(join(tmpdir(), 'novella-sysfs-'));
  try {
    writeSysfsTree(text, root);
    return await readFolder(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function listOfNovaConf(paths: readonly string[]): DeviceList {
  const { deviceSpecs, aliases } = readNovaConfFiles(paths);
  return { entries: deviceSpecs, aliases };
}

/** The host's own list, or that for all; without a host, the only one there is. */
function listOfConfig(config: Config, path: string, host?: string): DeviceList {
  const hosts = config.simulated.kind === 'captured' ? config.simulated.hosts : [];
  const own = hosts.find(({ name }) => name === host)?.deviceSpec ?? config.deviceSpec;
  const lists = new Set(hosts.map(({ deviceSpec }) => JSON.stringify(deviceSpec)));
  const entries = own ?? (lists.size === 1 ? hosts[0]?.deviceSpec : undefined);
  if (entries !== undefined) return { entries, aliases: config.aliases ?? [] };
  const names = hosts.map(({ name }) => name).join(', ');
  throw new ComputeError(
    'invalid',
    names === ''
      ? `${path}: has no device list; write one as pci.device_spec`
      : `${path}: its hosts have lists of their own; choose one with --host: ${names}`,
  );
}
