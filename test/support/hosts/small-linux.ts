/**
 * A Linux that a test's guest starts in seconds: Debian's cloud kernel, busybox, and an init that
 * prints a line when it is up.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian/debian-packages.ts';

export interface SmallLinux {
  /** Paths of the two files. */
  kernel: string;
  ramdisk: string;
}

/** What the guest writes to its serial console once it is up. */
export const linuxIsUp = 'small linux is up';

/** What `repair` writes into the second sector of the guest's second disk. */
export const repaired = 'repaired by its rescue';

/** Needed for the power button, and for disks, in the order of loading. */
const modules = {
  button: ['kernel/drivers/input/evdev.ko', 'kernel/drivers/acpi/button.ko'],
  disk: [
    'kernel/drivers/virtio/virtio_ring.ko',
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/virtio/virtio_pci_legacy_dev.ko',
    'kernel/drivers/virtio/virtio_pci_modern_dev.ko',
    'kernel/drivers/virtio/virtio_pci.ko',
    'kernel/drivers/block/virtio_blk.ko',
  ],
  nic: [
    'kernel/net/core/failover.ko',
    'kernel/drivers/net/net_failover.ko',
    'kernel/drivers/net/virtio_net.ko',
  ],
};
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const load = (paths: string[]) => paths.map((path) => `insmod /lib/${nameOf(path)}`).join('; ');

/**
 * On the kernel's command line `off-after=SECONDS` makes the guest power off, and `repair` makes it
 * print the first line of its second disk, and change its second sector. `ticks` makes it print the
 * first line of its disk, and count, five times a second, on its console and there. `standby` makes
 * it drive virtio NICs, with failover.
 */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
${load(modules.button)}
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\\necho power button > /dev/console\\npoweroff -f\\n' > /etc/acpi/PWRF/00000080
chmod +x /etc/acpi/PWRF/00000080
acpid -d > /dev/null 2>&1 &
sleep 1
echo '${linuxIsUp}'
for word in $(cat /proc/cmdline); do
  case $word in
    off-after=*) sleep "\${word#off-after=}"; poweroff -f ;;
    repair)
      ${load(modules.disk)}
      echo "second disk: $(head -n 1 /dev/vdb)"
      echo '${repaired}' | dd of=/dev/vdb bs=512 seek=1 conv=sync,fsync 2> /dev/null
      echo '${repaired}' ;;
    standby)
      ${load([...modules.disk, ...modules.nic])}
      echo "drivers: $(ls /sys/bus/virtio/drivers | tr '\\n' ' ')" ;;
    ticks)
      ${load(modules.disk)}
      echo "disk: $(head -n 1 /dev/vda)"
      i=0
      while :; do
        i=$((i + 1))
        echo "tick $i"
        echo "tick $i" | dd of=/dev/vda conv=notrunc,sync bs=512 count=1 2> /dev/null
        sleep 0.2
      done ;;
  esac
done
while :; do sleep 3600; done
`;

/**
 * Makes both files in this folder. Takes the kernel from Debian without installing it: the machine
 * keeps its own.
 */
export function makeSmallLinux(folder: string): SmallLinux {
  ensureDebianPackages(['busybox-static']);
  const tree = join(folder, 'kernel-package');
  unpackKernel(tree);
  const [release = ''] = readdirSync(join(tree, 'lib/modules'));
  const root = join(folder, 'root');
  for (const name of ['bin', 'lib', 'proc', 'sys', 'dev', 'etc']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const path of Object.values(modules).flat()) {
    copyFileSync(join(tree, 'lib/modules', release, path), join(root, 'lib', nameOf(path)));
  }
  writeFileSync(join(root, 'init'), init, { mode: 0o755 });
  const [kernel, ramdisk] = [join(folder, 'vmlinuz'), join(folder, 'ramdisk')];
  copyFileSync(join(tree, 'boot', `vmlinuz-${release}`), kernel);
  const archive = `cd ${root} && find . | busybox cpio -o -H newc > ${ramdisk} 2>/dev/null`;
  execFileSync('sh', ['-c', archive]);
  for (const path of [tree, root]) rmSync(path, { recursive: true });
  return { kernel, ramdisk };
}

function unpackKernel(tree: string): void {
  const depends = execFileSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], {
    encoding: 'utf8',
  });
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error(`no kernel in: ${depends}`);
  mkdirSync(tree, { recursive: true });
  execFileSync('apt-get', ['download', '-qq', name], { cwd: tree, stdio: 'ignore' });
  const [file = ''] = readdirSync(tree);
  execFileSync('dpkg', ['-x', join(tree, file), tree]);
}
