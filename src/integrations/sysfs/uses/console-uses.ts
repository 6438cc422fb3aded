/**
 * Does a graphics card show the host's own console? Source: Linux
 * `Documentation/ABI/testing/sysfs-bus-pci` (`boot_vga`), `drivers/gpu/drm/drm_sysfs.c`.
 */
import { join } from 'node:path';
import { isVfioDriver } from '#core/pci/devices/iommu-group.ts';
import { linkedName, listFolder, readText } from '../reading/sysfs-files.ts';

const fix = 'let another card show it, or bind this one to vfio-pci when the host boots';

/**
 * `folder`: of the function. None for a card that has no driver, or waits on vfio-pci: no console
 * is on it.
 */
export async function consoleUses(folder: string): Promise<string[]> {
  const driver = await linkedName(join(folder, 'driver'));
  // The firmware's picture is shown without a driver of the card. Source: Linux
  // `drivers/firmware/sysfb.c`, `sysfb_parent_dev`.
  const ofFirmware = (await listFolder(folder)).find((name) => /-framebuffer\.\d+$/.test(name));
  if (driver === null && ofFirmware !== undefined) {
    return [`the console of this host is on it (${ofFirmware}): ${fix}`];
  }
  if (driver === null || isVfioDriver(driver)) return [];
  if ((await readText(join(folder, 'boot_vga'))) === '1') {
    return [`the console of this host is on it (boot_vga): ${fix}`];
  }
  if ((await listFolder(join(folder, 'graphics'))).includes('fb0')) {
    return [`the console of this host is on it (fb0): ${fix}`];
  }
  for (const card of await listFolder(join(folder, 'drm'))) {
    for (const connector of await listFolder(join(folder, 'drm', card))) {
      if ((await readText(join(folder, 'drm', card, connector, 'enabled'))) !== 'enabled') continue;
      return [`it shows a picture of this host (${connector}): ${fix}`];
    }
  }
  return [];
}
