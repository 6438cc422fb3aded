/**
 * The guest that servers of the lab run: a kernel's first file system that reads its config drive
 * and reports what it sees.
 */
import { readFileSync } from 'node:fs';
import { initialDisk } from './initial-disk.ts';

const modules = [
  ...['virtio_pci', 'virtio_blk', 'ahci', 'sr_mod', 'isofs', 'nvme'],
  ...['button', 'evdev', 'virtio_net', 'igbvf', 'igb', 'e1000e'],
];

/** Its first file system. The output and commands of its init: `guest/l2.sh`. */
export function microGuest(tree: string): Promise<Buffer> {
  const awk = ['json.awk', 'nic-settings.awk', 'devices.awk'];
  return initialDisk({
    tree,
    modules,
    init: script('l2.sh'),
    more: [
      ...['config', 'etc', 'etc/acpi', 'etc/acpi/PWRF'].map((path) => ({ path })),
      { path: 'etc/acpi/PWRF/00000080', content: script('power-button.sh'), isExecutable: true },
      ...awk.map((name) => ({ path: `lab/${name}`, content: script(name) })),
    ],
  });
}

function script(name: string): string {
  return readFileSync(new URL(`guest/${name}`, import.meta.url), 'utf8');
}
