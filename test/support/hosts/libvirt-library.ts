/** Is libvirt's library (Debian package libvirt0) installed? */
import { existsSync } from 'node:fs';

const folders = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
];

export const isLibvirtHere = folders.some((folder) => existsSync(`${folder}/libvirt.so.0`));

export const libvirtAbsence = 'libvirt.so.0 is absent; install the Debian package libvirt0';
