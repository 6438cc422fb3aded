import { expect, test } from 'vitest';
import { isUsedByHost } from './iommu-group.ts';

test.each([
  {
    what: 'a normal function on its driver',
    classCode: '040300',
    driver: 'snd_hda_intel',
    is: true,
  },
  { what: 'a NIC used by a DPDK program', classCode: '020000', driver: 'igb_uio', is: true },
  { what: 'a function without a driver', classCode: '0c0330', driver: null, is: false },
  { what: 'a function on vfio-pci', classCode: '030000', driver: 'vfio-pci', is: false },
  { what: "a vendor's vfio driver", classCode: '020000', driver: 'mlx5_vfio_pci', is: false },
  { what: 'a function on pci-stub', classCode: '0c0330', driver: 'pci-stub', is: false },
  { what: 'a root port', classCode: '060400', driver: 'pcieport', is: false },
  { what: 'a root port with hot-plug', classCode: '060400', driver: 'shpchp', is: false },
  { what: 'a host bridge', classCode: '060000', driver: null, is: false },
  { what: 'an ISA bridge', classCode: '060100', driver: 'lpc_ich', is: false },
  {
    what: 'another function that pcieport serves',
    classCode: '088000',
    driver: 'pcieport',
    is: false,
  },
])('IOMMU group: $what is used by the host: $is', ({ classCode, driver, is }) => {
  expect(isUsedByHost({ classCode, driver })).toBe(is);
});
