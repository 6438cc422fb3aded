/**
 * A simulated host's facts for the checks of `novella doctor`: a healthy machine, except for its
 * faults.
 */
import type { FunctionDetails, HostFacts } from '#core/hosts/host-facts.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { HostFaults } from '../host-faults.ts';
import type { SimulatedHost } from '../simulated-host.ts';

export function simulatedHostFacts(host: SimulatedHost, faults: HostFaults): HostFacts {
  const totalMib = host.diskGib * 1_024;
  return {
    architecture: 'x64',
    cpuVendor: 'Intel',
    commandLine: faults.has('iommu-off') ? 'quiet' : 'quiet intel_iommu=on iommu=pt',
    isRoot: true,
    iommuGroups: faults.has('iommu-off') ? 0 : host.functions.length,
    remapsInterrupts: true,
    allowsUnsafeInterrupts: false,
    modules: {
      vfio_pci: 'loaded',
      macvtap: 'loaded',
      '8021q': 'loaded',
      vhost_net: 'loaded',
    },
    vfioNode: { state: 'opens' },
    kvmNode: { state: 'opens' },
    functions: detailsOf(host.functions, faults),
    hugepages: [],
    cgroups: 'v2',
    tools: { qemuImg: '/usr/bin/qemu-img', isoMaker: '/usr/bin/genisoimage' },
    stateDirectory: {
      path: '/var/lib/novella',
      exists: true,
      refusal: null,
      freeMib: faults.has('disk-full') ? 0 : totalMib,
      totalMib,
    },
  };
}

/** The limit of a mid-range card. */
const mostVfs = 64;

function detailsOf(functions: readonly PciFunction[], faults: HostFaults): FunctionDetails[] {
  const children = Map.groupBy(functions, ({ parentAddress }) => parentAddress);
  return functions.map(({ address, deviceType, ifname }, at) => {
    const current = children.get(address)?.length ?? 0;
    const isVf = deviceType !== 'type-PF' && deviceType !== 'type-PCI';
    const isUp = isVf || !faults.has('pf-down');
    return {
      address,
      classCode: '020000',
      iommuGroup: faults.has('iommu-off') ? null : at,
      driver: isVf && faults.has('foreign-driver') ? 'uio_pci_generic' : null,
      vfs: deviceType === 'type-PF' ? { current, total: Math.max(mostVfs, current) } : null,
      link: ifname === null ? null : { ifname, isUp, hasCarrier: isUp ? true : null },
    };
  });
}
