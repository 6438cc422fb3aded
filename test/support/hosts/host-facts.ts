/** Facts of hosts for tests: a healthy machine with two cards, and the changes of a test. */
import type { CheckedHost } from '#core/hosts/check-host.ts';
import type { FunctionDetails, HostFacts } from '#core/hosts/host-facts.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';

const functions = describedFunctions([
  { kind: 'PF', bus: '3b', vfs: 2 },
  { kind: 'PF', bus: '5e', vfs: 2 },
]);

/** PFs 0000:3b:00.0 and 0000:5e:00.0, each with VFs .1 and .2, each function alone in its group. */
export function someDetails(
  change: (details: FunctionDetails) => Partial<FunctionDetails> = () => ({}),
): FunctionDetails[] {
  return functions.map(({ address, deviceType, ifname }, at) => {
    const details: FunctionDetails = {
      address,
      classCode: '020000',
      iommuGroup: at,
      driver: 'mlx5_core',
      vfs: deviceType === 'type-PF' ? { current: 2, total: 8 } : null,
      link: ifname === null ? null : { ifname, isUp: true, hasCarrier: true },
    };
    return { ...details, ...change(details) };
  });
}

export function someFacts(change: Partial<HostFacts> = {}): HostFacts {
  return {
    architecture: 'x64',
    cpuVendor: 'Intel',
    commandLine: 'quiet intel_iommu=on iommu=pt',
    isRoot: true,
    iommuGroups: 6,
    remapsInterrupts: true,
    allowsUnsafeInterrupts: false,
    modules: { vfio_pci: 'loaded', macvtap: 'available', '8021q': 'loaded', vhost_net: 'loaded' },
    vfioNode: { state: 'opens' },
    kvmNode: { state: 'opens' },
    functions: someDetails(),
    hugepages: [],
    cgroups: 'v2',
    tools: { qemuImg: '/usr/bin/qemu-img', isoMaker: '/usr/bin/xorriso' },
    stateDirectory: {
      path: '/var/lib/novella',
      exists: true,
      refusal: null,
      freeMib: 204_800,
      totalMib: 409_600,
    },
    libvirt: { uri: 'qemu:///system', state: 'answers', version: '11.3.0' },
    qemuVersion: '10.0.3',
    ...change,
  };
}

const vfEntry = { vendor_id: '15b3', product_id: '1018', physical_network: 'physnet1' };

/** Its VFs are offered on physnet1, unless the test has other entries. */
export function aCheckedHost(
  facts: Partial<HostFacts> = {},
  {
    entries = [vfEntry],
    vfCounts = {},
  }: { entries?: object[]; vfCounts?: Record<string, number> } = {},
): CheckedHost {
  const sources = entries.map((object) => ({ object: { ...object }, source: 'test' }));
  return {
    facts: someFacts(facts),
    functions,
    deviceSpecs: parseDeviceSpecs(sources, functions),
    vfCounts,
  };
}
