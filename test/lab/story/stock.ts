/** What the story's servers are made of: networks, images and flavors, created by the API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostImage } from '../image.ts';
import type { CloudUser } from './cloud-user.ts';
import type { World } from './world.ts';

/**
 * Creates them; `state` is a folder for a file. The flavor `withNvme` needs an alias `nvme` in the
 * controller's configuration.
 */
export async function stock(
  user: CloudUser,
  image: HostImage,
  state: string,
): Promise<Pick<World, 'networks' | 'flavors' | 'imageId'>> {
  const kernel = { disk_format: 'aki', container_format: 'aki' };
  const ramdisk = { disk_format: 'ari', container_format: 'ari' };
  const kernelId = await user.createImage({ name: 'micro-kernel', ...kernel }, image.kernel);
  const ramdiskId = await user.createImage({ name: 'micro-ramdisk', ...ramdisk }, image.microGuest);
  // Its system is its first file system: the disk exists only to be seen.
  const emptyDisk = join(state, 'empty-disk');
  writeFileSync(emptyDisk, new Uint8Array(1 << 20));
  const flavor = { ram: 192, vcpus: 1, disk: 0 };
  const onFirst = (name: string, vlan: number, prefix: string, pool: [number, number]) =>
    user.createNetwork({ name, physicalNetwork: 'physnet1', vlan, prefix, pool });
  return {
    networks: {
      red: await onFirst('red', 42, '10.42.0', [10, 99]),
      redAcross: await user.createNetwork({
        name: 'red-across',
        physicalNetwork: 'physnet2',
        vlan: 42,
        prefix: '10.42.0',
        pool: [100, 149],
      }),
      // The same subnet: only the VLAN keeps its guests apart from the others.
      blue: await onFirst('blue', 43, '10.42.0', [150, 199]),
      green: await onFirst('green', 44, '10.43.0', [10, 99]),
      plain: await user.createNetwork({
        name: 'plain',
        physicalNetwork: 'plain',
        vlan: null,
        prefix: '10.50.0',
        pool: [10, 99],
      }),
    },
    imageId: await user.createImage(
      {
        name: 'micro',
        disk_format: 'raw',
        container_format: 'bare',
        kernel_id: kernelId,
        ramdisk_id: ramdiskId,
        os_command_line: 'console=ttyS0 panic=-1 loglevel=4 nokaslr mitigations=off',
      },
      emptyDisk,
    ),
    flavors: {
      small: await user.createFlavor({ name: 'micro', ...flavor }),
      withNvme: await user.createFlavor(
        { name: 'micro-nvme', ...flavor },
        { 'pci_passthrough:alias': 'nvme:1' },
      ),
    },
  };
}
