/**
 * One Debian tree, used twice: it is the disk of the emulated compute host, and the QEMU in it is the one that emulates that host (the
 * machine the tests run on needs none of its own).
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { ensureDebianPackages } from '#test/debian-packages.ts';
import { keyOf, labCache, madeOnce } from './cache.ts';
import { mustRun } from './shell.ts';

const suite = 'trixie';

const packages = [
  ...['linux-image-amd64', 'initramfs-tools', 'kmod', 'udev', 'busybox-static', 'zstd'],
  ...['qemu-system-x86', 'qemu-utils', 'xorriso'],
  ...['libvirt-daemon', 'libvirt-daemon-driver-qemu', 'libvirt-daemon-system', 'libvirt-clients'],
  ...['iproute2', 'iputils-ping', 'pciutils', 'ethtool', 'tcpdump', 'procps'],
];

/** Later rules win over earlier ones. A guest's CD drive needs two files of the SCSI drivers. */
const dpkgOptions = [
  'force-unsafe-io',
  ...['doc', 'man', 'locale', 'info'].map((what) => `path-exclude=/usr/share/${what}/*`),
  ...['gpu', 'media', 'infiniband', 'net/wireless', 'staging', 'scsi', 'iio']
    .map((drivers) => `drivers/${drivers}`)
    .concat('sound')
    .map((folder) => `path-exclude=/usr/lib/modules/*/kernel/${folder}/*`),
  ...['scsi_mod', 'scsi_common', 'sr_mod'].map(
    (name) => `path-include=/usr/lib/modules/*/kernel/drivers/scsi/${name}.ko*`,
  ),
];

/** Programs of the machine that builds trees and images; Debian 12's are new enough. */
export const hostPackages = ['mmdebstrap', 'e2fsprogs', 'xz-utils', 'zstd'];

export interface Tree {
  /** Names everything that went in, but not the day it was made. */
  key: string;
  path: string;
}

/** The tree, built (a minute, 230 MB from the mirror), unpacked from the cached archive, or as it lies there. */
export async function labTree(): Promise<Tree> {
  const key = keyOf(suite, ...packages, ...dpkgOptions);
  ensureDebianPackages(hostPackages);
  const path = await madeOnce(join(labCache(), `tree-${key}`), async (unfinished) => {
    const archive = await madeOnce(join(labCache(), `tree-${key}.tar.zst`), buildArchive);
    await mkdir(unfinished, { recursive: true });
    await mustRun('tar', ['-C', unfinished, '--exclude=./dev/*', '-xf', archive]);
  });
  return { key, path };
}

async function buildArchive(file: string): Promise<void> {
  const args = [
    ...['--variant=minbase', '--aptopt=APT::Install-Recommends "false"'],
    ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
    ...[
      `--include=${packages.join(',')}`,
      suite,
      file,
      `deb ${await debianMirror()} ${suite} main`,
    ],
  ];
  // The kernel's own initial disk would take long to make, and the lab has its own.
  const env = { INITRD: 'No', DEBIAN_FRONTEND: 'noninteractive' };
  await mustRun('mmdebstrap', args, env).catch((error: unknown) => {
    rmSync(file, { force: true });
    throw error;
  });
}

/** Where this machine itself gets Debian from. */
async function debianMirror(): Promise<string> {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages'];
  const [first] = (await mustRun('apt-get', ['indextargets', ...format])).split('\n');
  if (first === undefined || first === '') throw new Error('apt knows no package source');
  return first;
}
