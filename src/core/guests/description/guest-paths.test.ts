import { expect, test } from 'vitest';
import { guestPaths } from './guest-paths.ts';

test('all files of a guest are in one folder, named by its id', () => {
  expect(guestPaths('/var/lib/novella/guests', '0a1b')).toEqual({
    folder: '/var/lib/novella/guests/0a1b',
    disk: '/var/lib/novella/guests/0a1b/disk',
    configDrive: '/var/lib/novella/guests/0a1b/config.iso',
    kernel: '/var/lib/novella/guests/0a1b/kernel',
    ramdisk: '/var/lib/novella/guests/0a1b/ramdisk',
    rescueDisk: '/var/lib/novella/guests/0a1b/disk.rescue',
    rescueKernel: '/var/lib/novella/guests/0a1b/kernel.rescue',
    rescueRamdisk: '/var/lib/novella/guests/0a1b/ramdisk.rescue',
    consoleLog: '/var/lib/novella/guests/0a1b/serial.log',
    earlierConsole: '/var/lib/novella/guests/0a1b/serial.before',
    offeredConsole: '/var/lib/novella/guests/0a1b/serial.offered',
  });
});
