/**
 * One Debian tree, used twice: it is the disk of the emulated compute host, and the QEMU in it is
 * the one that emulates that host (the machine the tests run on needs none of its own).
 */
import { cacheFolder } from '#test/debian/cache.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { debianTree, leanDpkgOptions, type Tree } from '#test/debian/debian-tree.ts';

const packages = [
  ...['linux-image-amd64', 'initramfs-tools', 'kmod', 'udev', 'busybox-static', 'zstd'],
  ...['qemu-system-x86', 'qemu-utils', 'xorriso'],
  ...['libvirt-daemon', 'libvirt-daemon-driver-qemu', 'libvirt-daemon-driver-nodedev'],
  ...['libvirt-daemon-system', 'libvirt-clients'],
  ...['nfs-kernel-server', 'nfs-common'],
  ...['iproute2', 'iputils-ping', 'pciutils', 'ethtool', 'tcpdump', 'procps'],
];

/** Later rules take precedence. A guest's CD drive needs two files of the SCSI drivers. */
const dpkgOptions = [
  ...leanDpkgOptions,
  ...['gpu', 'media', 'infiniband', 'net/wireless', 'staging', 'scsi', 'iio']
    .map((drivers) => `drivers/${drivers}`)
    .concat('sound')
    .map((folder) => `path-exclude=/usr/lib/modules/*/kernel/${folder}/*`),
  ...['scsi_mod', 'scsi_common', 'sr_mod'].map(
    (name) => `path-include=/usr/lib/modules/*/kernel/drivers/scsi/${name}.ko*`,
  ),
];

/** Programs of the machine that builds the images; Debian 12's are new enough. */
const hostPackages = ['e2fsprogs', 'xz-utils'];

/**
 * The tree, built (a minute, 230 MB from the mirror), unpacked from the cached archive, or
 * existing.
 */
export function labTree(): Promise<Tree> {
  ensureDebianPackages(hostPackages);
  return debianTree(cacheFolder('lab'), { packages, dpkgOptions });
}
