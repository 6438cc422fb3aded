/** The host's uses of a function; the machines are described. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { type DescribedCard, writeCards } from '#test/hosts/described-cards.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SysfsPciBus } from '../pci-bus.ts';

const address = parsePciAddress('0000:41:00.0');
const vf = '0000:41:00.1';

let machine = '';
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'novella-uses-'));
});
afterEach(() => rmSync(machine, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(machine, path)), { recursive: true });
  writeFileSync(join(machine, path), `${text}\n`);
}

/** `answers`: of `ip -json`, by its further arguments. */
async function usesOf(card: DescribedCard, answers: Record<string, unknown> = {}) {
  const root = writeCards(join(machine, 'sys'), { [address]: card });
  const bus = new SysfsPciBus({
    root,
    run: async (command) => JSON.stringify(answers[command.slice(2).join(' ')] ?? []),
  });
  return (await bus.deviceFacts(address)).uses;
}

const twoPorts: DescribedCard = {
  ids: '15b3:1007',
  driver: 'mlx4_core',
  net: { enp65s0: { devPort: 0 }, enp65s0d1: { devPort: 1 } },
  vfs: { [vf]: { ids: '15b3:1004', net: { enp65s0v0: {} } } },
};

test('a PF is used through its second port and through its VFs', async () => {
  const uses = await usesOf(twoPorts, {
    '-details address show': [
      { ifname: 'enp65s0', addr_info: [] },
      {
        ifname: 'enp65s0d1',
        addr_info: [{ local: '192.0.2.10', prefixlen: 24, scope: 'global' }],
      },
      { ifname: 'enp65s0v0', master: 'bond0', linkinfo: { info_slave_kind: 'bond' } },
    ],
  });
  expect(uses).toEqual([
    'its interface enp65s0d1 has the address 192.0.2.10/24 of this host: ip addr del 192.0.2.10/24 dev enp65s0d1',
    'its VF 0000:41:00.1: its interface enp65s0v0 is a port of bond bond0: ip link set enp65s0v0 nomaster',
  ]);
});

test('a port of Open vSwitch is removed there', async () => {
  const uses = await usesOf(twoPorts, {
    '-details address show': [
      {
        ifname: 'enp65s0',
        master: 'ovs-system',
        linkinfo: { info_slave_kind: 'openvswitch' },
      },
    ],
  });
  expect(uses).toEqual([
    'its interface enp65s0 is a port of Open vSwitch: ovs-vsctl del-port enp65s0',
  ]);
});

test('routes with several next hops and routes of other tables are uses', async () => {
  const uses = await usesOf(twoPorts, {
    'route show table all': [
      { dst: 'default', nexthops: [{ dev: 'enp9s0' }, { dev: 'enp65s0' }] },
      { dst: '192.0.2.0/24', dev: 'enp65s0d1', table: '100' },
      { type: 'local', dst: '192.0.2.1', dev: 'enp65s0', table: 'local' },
    ],
    '-6 route show table all': [
      { dst: 'fe80::/64', dev: 'enp65s0' },
      { dst: '2001:db8::/32', nexthops: [{ dev: 'enp65s0v0' }] },
    ],
  });
  expect(uses).toEqual([
    'the route default of this host goes through its interface enp65s0',
    'the route 192.0.2.0/24 (table 100) of this host goes through its interface enp65s0d1',
    'its VF 0000:41:00.1: the route 2001:db8::/32 of this host goes through its interface enp65s0v0',
  ]);
});

test.each([
  ['a sub-function', 'mlx5_core.sf.2/net/enp65s0s88/address'],
  ['a vDPA device on the virtio bus', 'vdpa0/virtio3/net/enp65s0s88/address'],
  ['a virtio device', 'virtio3/net/enp65s0s88/address'],
  ['a representor of a sub-function', 'net/enp65s0s88/address'],
])('the host may use an interface of %s', async (_kind, path) => {
  const uses = await usesOf(
    { ...twoPorts, files: { [path]: '02:00:00:00:00:88' } },
    { 'route show table all': [{ dst: '198.51.100.0/24', dev: 'enp65s0s88' }] },
  );
  expect(uses).toEqual([
    'the route 198.51.100.0/24 of this host goes through its interface enp65s0s88',
  ]);
});

test('functions behind a bridge are not the bridge’s own', async () => {
  const bridge: DescribedCard = {
    ids: '8086:1901',
    classCode: '060400',
    files: { '0000:42:00.0/net/eth9/address': '02:00:00:00:00:09' },
  };
  expect(
    await usesOf(bridge, { 'route show table all': [{ dst: 'default', dev: 'eth9' }] }),
  ).toEqual([]);
});

test('the uses of many functions are found with one listing, omitting those of guests', async () => {
  const commands: string[] = [];
  const links = [
    { ifname: 'enp65s0d1', addr_info: [{ local: '192.0.2.10', prefixlen: 24, scope: 'global' }] },
    { ifname: 'enp65s0v0' },
    { ifname: 'macvtap0', link: 'enp65s0v0', linkinfo: { info_kind: 'macvtap' } },
  ];
  const bus = new SysfsPciBus({
    root: writeCards(join(machine, 'sys'), { [address]: twoPorts }),
    run: async (command) => {
      commands.push(command.join(' '));
      return JSON.stringify(command.includes('address') ? links : []);
    },
  });
  const uses = await bus.usesByHost([address, parsePciAddress(vf)]);
  expect([...uses]).toEqual([[address, [expect.stringContaining('192.0.2.10/24')]]]);
  expect(commands).toHaveLength(3);
});

test.each([
  ['a VRF', { ifname: 'enp65s0', master: 'blue', linkinfo: { info_slave_kind: 'vrf' } }],
  ['a team', { ifname: 'enp65s0', master: 'team0', linkinfo: { info_slave_kind: 'team' } }],
  ['MACsec', { ifname: 'macsec0', link: 'enp65s0', linkinfo: { info_kind: 'macsec' } }],
  ['a VXLAN', { ifname: 'vx42', link: 'enp65s0', linkinfo: { info_kind: 'vxlan' } }],
  ['an ipvlan', { ifname: 'ipvl0', link: 'enp65s0', linkinfo: { info_kind: 'ipvlan' } }],
  [
    'a partition key',
    { ifname: 'enp65s0.8001', link: 'enp65s0', linkinfo: { info_kind: 'ipoib' } },
  ],
])('%s over its interface is a use', async (_what, link) => {
  const uses = await usesOf(twoPorts, { '-details address show': [link] });
  expect(uses).toEqual([expect.stringMatching(/enp65s0/)]);
});

const disk: DescribedCard = {
  ids: '144d:a80a',
  classCode: '010802',
  driver: 'nvme',
  files: {
    'nvme/nvme0/nvme0n1/dev': '259:0',
    'nvme/nvme0/nvme0n1/nvme0n1p2/dev': '259:2',
    'nvme/nvme0/nvme0n1/nvme0n1p2/partition': '2',
  },
};
const withHolder = (holder: string): DescribedCard => ({
  ...disk,
  files: { ...disk.files, [`nvme/nvme0/nvme0n1/holders/${holder}`]: '' },
});
const rootMount = '29 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw';

test('an unused disk may be passed through', async () => {
  expect(await usesOf({ ...disk, files: { 'nvme/nvme0/nvme0n1/dev': '259:0' } })).toEqual([]);
});

test('a mounted partition is identified by its number, whatever name the mount has', async () => {
  put('proc/1/mountinfo', rootMount);
  expect(await usesOf(disk)).toEqual(['its disk nvme0n1p2 is mounted at /: umount /']);
});

test('a file system of several disks is identified by the name of each', async () => {
  put('proc/1/mountinfo', String.raw`31 29 0:40 / /srv/my\040files rw - btrfs /dev/nvme0n1 rw`);
  expect(await usesOf({ ...disk, files: { 'nvme/nvme0/nvme0n1/dev': '259:0' } })).toEqual([
    'its disk nvme0n1 is mounted at /srv/my files: umount /srv/my files',
  ]);
});

test('swap space is a use', async () => {
  put('proc/swaps', 'Filename Type Size Used Priority\n/dev/nvme0n1 partition 1048572 0 -2');
  const uses = await usesOf({ ...disk, files: { 'nvme/nvme0/nvme0n1/dev': '259:0' } });
  expect(uses).toEqual(['its disk nvme0n1 is swap space: swapoff /dev/nvme0n1']);
});

test('a volume on the disk is followed to what is mounted', async () => {
  put('sys/block/dm-0/dev', '253:0');
  put('sys/block/dm-0/dm/name', 'vg-root');
  put('proc/1/mountinfo', '29 1 253:0 / / rw - xfs /dev/mapper/vg-root rw');
  const [use] = await usesOf({
    ...disk,
    files: { 'ata1/host0/target0:0:0/0:0:0:0/block/sda/holders/dm-0': '' },
  });
  expect(use).toBe('its disk sda is part of vg-root, which is mounted at /: umount /');
});

test('an unmounted disk of a RAID is a use too', async () => {
  put('sys/block/md0/dev', '9:0');
  expect(await usesOf(withHolder('md0'))).toContain(
    'its disk nvme0n1 is part of md0: take it out of that volume',
  );
});

test('a namespace behind several controllers is found through its subsystem', async () => {
  put('sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n1/nvme3n1p2/dev', '259:2');
  put('sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n1/nvme3n1p2/partition', '2');
  mkdirSync(join(machine, 'sys/block'), { recursive: true });
  symlinkSync(
    '../devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n1',
    join(machine, 'sys/block/nvme3n1'),
  );
  put('proc/1/mountinfo', rootMount);
  expect(await usesOf({ ...disk, files: { 'nvme/nvme0/nvme3c0n1/size': '1' } })).toContain(
    'its disk nvme3n1p2 is mounted at /: umount /',
  );
});

test('a disk of virtio is a disk', async () => {
  put('proc/1/mountinfo', '29 1 254:1 / /var rw - ext4 /dev/vda1 rw');
  const files = { 'virtio2/block/vda/vda1/dev': '254:1', 'virtio2/block/vda/vda1/partition': '1' };
  expect(await usesOf({ ...disk, files })).toEqual([
    'its disk vda1 is mounted at /var: umount /var',
  ]);
});

test.each([
  ['a SATA disk', 'ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1', 'sda1'],
  ['a disk of a RAID card', 'host4/target4:2:0/4:2:0:0/block/sdc/sdc2', 'sdc2'],
  ['a disk of virtio-scsi', 'virtio1/host2/target2:0:0/2:0:0:1/block/sdb/sdb1', 'sdb1'],
  [
    'a stick on a USB controller',
    'usb2/2-1/2-1:1.0/host5/target5:0:0/5:0:0:0/block/sdd/sdd1',
    'sdd1',
  ],
  [
    'a card reader',
    'rtsx_pci_sdmmc.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0/mmcblk0p1',
    'mmcblk0p1',
  ],
])('%s is found below its controller', async (_what, path, name) => {
  put('proc/1/mountinfo', '29 1 8:17 / /srv rw - ext4 /dev/disk/by-uuid/7a rw');
  const files = { [`${path}/dev`]: '8:17', [`${path}/partition`]: '1' };
  expect(await usesOf({ ...disk, files })).toEqual([
    `its disk ${name} is mounted at /srv: umount /srv`,
  ]);
});

test('volumes on volumes are followed: a multipath under an encrypted swap', async () => {
  put('sys/block/dm-0/dev', '253:0');
  put('sys/block/dm-0/dm/name', 'mpatha');
  put('sys/block/dm-0/holders/dm-1', '');
  put('sys/block/dm-1/dev', '253:1');
  put('sys/block/dm-1/dm/name', 'cryptswap');
  put('proc/swaps', 'Filename Type Size Used Priority\n/dev/dm-1 partition 1048572 0 -2');
  expect(await usesOf(withHolder('dm-0'))).toEqual([
    'its disk nvme0n1 is part of mpatha, which is part of cryptswap, which is swap space: swapoff /dev/dm-1',
  ]);
});

const gpu: DescribedCard = { ids: '10de:2204', classCode: '030000', driver: 'nouveau' };

test.each([
  { what: 'a card without a display', card: gpu, gives: [] },
  {
    what: 'the card of the console',
    card: { ...gpu, files: { boot_vga: '1' } },
    gives: [expect.stringMatching(/^the console of this host is on it \(boot_vga\): .*vfio-pci/)],
  },
  {
    what: 'the card of the console, bound to vfio-pci',
    card: { ...gpu, driver: 'vfio-pci', files: { boot_vga: '1' } },
    gives: [],
  },
  {
    what: 'a card without a driver that shows the firmware’s picture',
    card: { ids: '10de:2204', classCode: '030000', files: { 'efi-framebuffer.0/uevent': '' } },
    gives: [expect.stringContaining('(efi-framebuffer.0)')],
  },
  {
    what: 'a card without a driver and without a picture',
    card: { ids: '10de:2204', classCode: '030000', files: { boot_vga: '1' } },
    gives: [],
  },
  {
    what: 'the first framebuffer',
    card: { ...gpu, files: { boot_vga: '0', 'graphics/fb0/name': 'nouveau' } },
    gives: [expect.stringContaining('(fb0)')],
  },
  {
    what: 'a card with a screen',
    card: { ...gpu, files: { 'drm/card1/card1-HDMI-A-1/enabled': 'enabled' } },
    gives: [expect.stringContaining('it drives a display of this host (card1-HDMI-A-1)')],
  },
])('uses of $what', async ({ card, gives }) => {
  expect(await usesOf(card)).toEqual(gives);
});
