/**
 * Cards of every kind as a sysfs: ten lines of description become the files and links that a kernel
 * shows.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface DescribedInterface {
  portName?: string;
  devPort?: number;
  mac?: string;
  /** Its own MAC, of a port of a bond; `mac` is the bond's then. */
  ownMac?: string;
  /** Default: true. */
  isUp?: boolean;
  hasCarrier?: boolean;
}

/** One function of a card. Ids as `15b3:101d`. */
export interface DescribedFunction {
  ids: string;
  /** Six hexadecimal digits. Default: an Ethernet NIC. */
  classCode?: string;
  driver?: string;
  iommuGroup?: number;
  /** Interfaces by name; a text is the port name of one that is up. */
  net?: Record<string, string | DescribedInterface>;
  /** Folder of the interfaces. Default: `net`. Example: `virtio1/net`. */
  netFolder?: string;
  /** The name of its vDPA device. */
  vdpa?: string;
  /** Further files by path. Example: `{ 'nvme/nvme0/nvme0n1/size': '1' }`. */
  files?: Record<string, string>;
}

/** A function and its VFs, each by address. */
export interface DescribedCard extends DescribedFunction {
  vfs?: Record<string, DescribedFunction>;
  /** Of a function with SR-IOV. Default: 8 when it has VFs, else it has no SR-IOV. */
  totalVfs?: number;
}

/** Writes the cards, by address, below `root`, which stands for /sys. Returns `root`. */
export function writeCards(root: string, cards: Record<string, DescribedCard>): string {
  for (const [address, card] of Object.entries(cards)) {
    const { vfs = {}, totalVfs = Object.keys(vfs).length > 0 ? 8 : undefined } = card;
    writeFunction(root, address, card);
    if (totalVfs === undefined) continue;
    const folder = folderOf(root, address);
    put(join(folder, 'sriov_totalvfs'), String(totalVfs));
    put(join(folder, 'sriov_numvfs'), String(Object.keys(vfs).length));
    for (const [number, [vf, described]] of Object.entries(vfs).entries()) {
      writeFunction(root, vf, described);
      link(join(folder, `virtfn${number}`), `../${vf}`);
      link(join(folderOf(root, vf), 'physfn'), `../${address}`);
    }
  }
  return root;
}

function writeFunction(root: string, address: string, fn: DescribedFunction): void {
  const folder = folderOf(root, address);
  const [vendor, device] = fn.ids.split(':');
  put(join(folder, 'vendor'), `0x${vendor}`);
  put(join(folder, 'device'), `0x${device}`);
  put(join(folder, 'class'), `0x${fn.classCode ?? '020000'}`);
  put(join(folder, 'numa_node'), '0');
  link(join(root, 'bus/pci/devices', address), join('../../../devices/pci0', address));
  if (fn.driver !== undefined) {
    link(join(folder, 'driver'), `../../../bus/pci/drivers/${fn.driver}`);
  }
  if (fn.iommuGroup !== undefined) writeGroup(root, address, fn.iommuGroup);
  for (const [name, shown] of Object.entries(fn.net ?? {})) {
    const net = join(folder, fn.netFolder ?? 'net', name);
    writeInterface(net, typeof shown === 'string' ? { portName: shown } : shown);
  }
  if (fn.vdpa !== undefined) {
    link(join(folder, fn.vdpa, 'subsystem'), '../../../../bus/vdpa');
    link(join(root, 'bus/vdpa/devices', fn.vdpa), join('../../../devices/pci0', address, fn.vdpa));
  }
  for (const [path, text] of Object.entries(fn.files ?? {})) put(join(folder, path), text);
}

function writeGroup(root: string, address: string, group: number): void {
  link(join(folderOf(root, address), 'iommu_group'), `../../../kernel/iommu_groups/${group}`);
  const members = join(root, 'kernel/iommu_groups', String(group), 'devices');
  link(join(members, address), join('../../../../devices/pci0', address));
}

function writeInterface(folder: string, shown: DescribedInterface): void {
  const { portName, devPort, mac = '02:00:00:00:00:01', isUp = true, hasCarrier = isUp } = shown;
  put(join(folder, 'address'), mac);
  put(join(folder, 'flags'), isUp ? '0x1003' : '0x1002');
  put(join(folder, 'operstate'), hasCarrier ? 'up' : 'down');
  // The kernel refuses to read it while the interface is down.
  if (isUp) put(join(folder, 'carrier'), hasCarrier ? '1' : '0');
  if (portName !== undefined) put(join(folder, 'phys_port_name'), portName);
  if (shown.ownMac !== undefined) put(join(folder, 'bonding_slave/perm_hwaddr'), shown.ownMac);
  if (devPort !== undefined) put(join(folder, 'dev_port'), String(devPort));
}

function folderOf(root: string, address: string): string {
  return join(root, 'devices/pci0', address);
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
