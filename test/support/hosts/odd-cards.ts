/** Cards that look different from a plain NIC with its VFs, by their peculiarity. */
import type { DescribedCard } from './described-cards.ts';

/** One function, two ports, as a ConnectX-3 and Chelsio's cards show them. */
export const twoPorts: Record<string, DescribedCard> = {
  '0000:41:00.0': {
    ids: '15b3:1007',
    net: {
      enp65s0d1: { portName: '', devPort: 1, mac: '02:c9:00:00:00:02' },
      enp65s0: { portName: '', devPort: 0, mac: '02:c9:00:00:00:01', isUp: false },
    },
    vfs: { '0000:41:00.1': { ids: '15b3:1004' }, '0000:41:00.2': { ids: '15b3:1004' } },
  },
};

/**
 * A ConnectX-6 in switchdev mode: interfaces of a sub-function, a VF and the host's PF sort before
 * its own.
 */
export const switchdev: Record<string, DescribedCard> = {
  '0000:3b:00.0': {
    ids: '15b3:101d',
    net: {
      en3f0pf0sf88: { portName: 'pf0sf88', mac: '02:aa:00:00:00:90', isUp: false },
      eth1: { portName: 'pf0vf0', mac: '02:aa:00:00:00:91', isUp: false },
      p0: { portName: 'p0', mac: '02:aa:00:00:00:01' },
      c1pf0hpf: { portName: 'c1pf0', mac: '02:aa:00:00:00:80', isUp: false },
    },
    vfs: { '0000:3b:00.2': { ids: '15b3:101e' } },
  },
};

/** virtio-net with SR-IOV, as some DPUs present themselves to their host. */
export const virtioNet: Record<string, DescribedCard> = {
  '0000:06:00.0': {
    ids: '1af4:1041',
    driver: 'virtio-pci',
    netFolder: 'virtio1/net',
    net: { enp6s0: { mac: '02:aa:00:00:09:01' } },
    vfs: {
      '0000:06:00.5': {
        ids: '1af4:1041',
        driver: 'virtio-pci',
        netFolder: 'virtio2/net',
        net: { enp6s0v0: {} },
      },
    },
  },
};

/** VFs with vDPA devices of any name; the last has none. */
export const vdpaVfs: Record<string, DescribedCard> = {
  '0000:06:00.0': {
    ids: '15b3:101d',
    net: { enp6s0f0np0: 'p0' },
    vfs: {
      '0000:06:00.2': { ids: '15b3:101e', vdpa: 'vdpa0' },
      '0000:06:00.3': { ids: '15b3:101e', vdpa: 'blue' },
      '0000:06:00.4': { ids: '15b3:101e', vdpa: '0000:06:00.4' },
      '0000:06:00.5': { ids: '15b3:101e' },
    },
  },
};

/** InfiniBand without IPoIB: no function has a network interface. */
export const infiniband: Record<string, DescribedCard> = {
  '0000:81:00.0': {
    ids: '15b3:101b',
    classCode: '020700',
    driver: 'mlx5_core',
    vfs: { '0000:81:00.1': { ids: '15b3:101c', classCode: '020700', driver: 'mlx5_core' } },
  },
};

/** Behind Intel VMD: a PCI domain of more than 16 bits. */
export const wideDomain: Record<string, DescribedCard> = {
  '10000:01:00.0': {
    ids: '15b3:1017',
    net: { ens1f0: 'p0' },
    vfs: { '10000:01:00.1': { ids: '15b3:1018' }, '10000:01:00.2': { ids: '15b3:1018' } },
  },
};

/** ThunderX: the PF has no network interface, its VFs have. */
export const pfWithoutInterface: Record<string, DescribedCard> = {
  '0002:01:00.0': {
    ids: '177d:a01e',
    driver: 'thunder-nic',
    vfs: { '0002:01:00.1': { ids: '177d:a034', net: { enP2p1s0f1: {} } } },
  },
};

/** Two PFs in a bond of the host: both have the MAC of the first. */
export const bonded: Record<string, DescribedCard> = {
  '0000:5e:00.0': {
    ids: '8086:1572',
    net: { enp94s0f0: { mac: '3c:fd:fe:00:00:10', ownMac: '3c:fd:fe:00:00:10' } },
    vfs: { '0000:5e:02.0': { ids: '8086:154c', net: { enp94s0f0v0: {} } } },
  },
  '0000:5e:00.1': {
    ids: '8086:1572',
    net: { enp94s0f1: { mac: '3c:fd:fe:00:00:10', ownMac: '3c:fd:fe:00:00:11' } },
    vfs: { '0000:5e:0a.0': { ids: '8086:154c', net: { enp94s0f1v0: {} } } },
  },
};

/** VFs of one PF with vDPA devices whose names suggest something else. */
export const oddlyNamedVdpa: Record<string, DescribedCard> = {
  '0000:07:00.0': {
    ids: '1af4:1041',
    net: { enp7s0: {} },
    vfs: {
      '0000:07:00.1': { ids: '1af4:1041', vdpa: 'virtio7' },
      '0000:07:00.2': { ids: '1af4:1041', vdpa: 'infiniband-blue' },
      '0000:07:00.3': { ids: '1af4:1041', vdpa: 'net0' },
    },
  },
};

/** What firmware and drivers omit: no NUMA node, VFs disabled by the driver, an empty file. */
export const silentFirmware: Record<string, DescribedCard> = {
  '0000:0a:00.0': {
    ids: '14e4:16d7',
    net: { enp10s0f0np0: 'p0' },
    totalVfs: 0,
    files: { numa_node: '-1' },
  },
  '0000:0a:00.1': { ids: '14e4:16d7', totalVfs: 8, files: { numa_node: '' } },
};

/** InfiniBand with IPoIB and a partition key on the PF, which lists no VFs. */
export const ipoib: Record<string, DescribedCard> = {
  '0000:82:00.0': {
    ids: '15b3:101b',
    classCode: '020700',
    driver: 'mlx5_core',
    iommuGroup: 40,
    net: { 'ib0.8001': { devPort: 0, isUp: false }, ib0: { devPort: 0, isUp: false } },
    vfs: {
      '0000:82:00.1': {
        ids: '15b3:101c',
        classCode: '020700',
        driver: 'mlx5_core',
        iommuGroup: 41,
      },
    },
  },
};
