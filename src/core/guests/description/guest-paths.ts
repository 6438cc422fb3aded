/** Where a guest's files are on its host: one folder for each guest, named by its id. */

export interface GuestPaths {
  folder: string;
  /** qcow2, over the cached image. */
  disk: string;
  /** ISO 9660. */
  configDrive: string;
  kernel: string;
  ramdisk: string;
  /** What the guest wrote to its serial console. */
  consoleLog: string;
}

/**
 * Example: `('/var/lib/novella/guests', '0a1b…')` → `{ disk: '/var/lib/novella/guests/0a1b…/disk',
 * … }`.
 */
export function guestPaths(directory: string, guestId: string): GuestPaths {
  const folder = `${directory}/${guestId}`;
  return {
    folder,
    disk: `${folder}/disk`,
    configDrive: `${folder}/config.iso`,
    kernel: `${folder}/kernel`,
    ramdisk: `${folder}/ramdisk`,
    consoleLog: `${folder}/serial.log`,
  };
}
