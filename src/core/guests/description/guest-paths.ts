/** Where a guest's files are on its host: one folder for each guest, named by its id. */

export interface GuestPaths {
  folder: string;
  /** qcow2, over the cached image. */
  disk: string;
  /** ISO 9660. */
  configDrive: string;
  kernel: string;
  ramdisk: string;
  /** What a guest in rescue starts from: a qcow2 over the rescue image, and its kernel. */
  rescueDisk: string;
  rescueKernel: string;
  rescueRamdisk: string;
  /** What the guest wrote to its serial console. */
  consoleLog: string;
  /** What a guest that came live wrote to it on other hosts. */
  earlierConsole: string;
  /** The end of both, as it is offered to another host. */
  offeredConsole: string;
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
    rescueDisk: `${folder}/disk.rescue`,
    rescueKernel: `${folder}/kernel.rescue`,
    rescueRamdisk: `${folder}/ramdisk.rescue`,
    consoleLog: `${folder}/serial.log`,
    earlierConsole: `${folder}/serial.before`,
    offeredConsole: `${folder}/serial.offered`,
  };
}
