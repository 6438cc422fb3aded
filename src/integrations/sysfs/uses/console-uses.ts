/**
 * Whether a graphics card shows the host's own console. Source: Linux
 * `Documentation/ABI/testing/sysfs-bus-pci` (`boot_vga`), `drivers/gpu/drm/drm_sysfs.c`.
 */
import { join } from 'node:path';
import { isVfioDriver } from '#core/pci/devices/iommu-group.ts';
import { linkedName, listFolder, readText } from '../reading/sysfs-files.ts';

const fix = 'let another card drive the console, or bind this one to vfio-pci when the host boots';

/**
 * `folder`: of the function. Empty for a card without a driver or bound to vfio-pci: it has no
 * console.
 */
export async function consoleUses(folder: string): Promise<string[]> {
  const driver = await linkedName(join(folder, 'driver'));
  // The firmware's framebuffer works without a driver of the card. Source: Linux
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
      return [`it drives a display of this host (${connector}): ${fix}`];
    }
  }
  return [];
}
