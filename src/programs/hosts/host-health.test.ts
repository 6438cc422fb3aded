import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { machineProblems } from './host-health.ts';

test('a machine whose kernel shows VFs and no IOMMU offers no device, and reports all that is missing', async () => {
  const root = mkdtempSync(join(tmpdir(), 'novella-health-'));
  writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), join(root, 'sys'));
  const pciBus = new SysfsPciBus({ root: join(root, 'sys') });
  const { functions } = await pciBus.listFunctions();
  const object = { vendor_id: '8086', product_id: '10ca', physical_network: 'physnet1' };
  const problems = await machineProblems({
    places: {
      root,
      architecture: 'x64',
      kernelRelease: '6.12.107-amd64',
      isRoot: true,
      programFolders: [],
      stateDirectory: root,
    },
    pciBus,
    deviceSpecs: parseDeviceSpecs([{ object, source: 'test' }], functions),
  });
  rmSync(root, { recursive: true });
  expect(problems.map(({ code, blocks }) => `${code} ${blocks}`)).toEqual(
    expect.arrayContaining(['no-qemu-img all', 'iommu-off passthrough']),
  );
});
