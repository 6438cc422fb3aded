import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeNodeDevices,
  describeNodeDevicesOfVfs,
} from '#contracts/host/node-devices.contract.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { afterAll, beforeAll } from 'vitest';
import { igbFeatures, SimulatedNodeDevices } from './machine/node-devices.ts';
import { igbCapturePath, writeSysfsTree } from './machine/sysfs-tree.ts';
import { type SimulatedHost, simulatedHost } from './simulated-host.ts';

let folder = '';
let host: SimulatedHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'novella-simulated-nodes-'));
  const root = join(folder, 'sys');
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), root);
  const { functions } = await new SysfsPciBus({ root }).listFunctions();
  host = simulatedHost('host-1', functions);
});
afterAll(() => rmSync(folder, { recursive: true }));

const suite = {
  make: async () => new SimulatedNodeDevices({ host, features: igbFeatures }),
  functions: async () => host.functions,
};
describeNodeDevices('simulated', suite);
describeNodeDevicesOfVfs('simulated', suite);
