/** A minimal system that sends back what it receives at its first serial port. */

/** SeaBIOS does not boot from a disk of a single sector. */
const diskBytes = 2 ** 20;

/**
 * A disk whose boot sector, in 16-bit code, is `wait: mov dx,3fdh / next: in al,dx / test al,1 / jz
 * next / mov dx,3f8h / in al,dx / out dx,al / jmp wait`.
 */
export function echoDisk(): Buffer {
  const disk = Buffer.alloc(diskBytes);
  disk.set([
    0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0xba, 0xf8, 0x03, 0xec, 0xee, 0xeb, 0xf1,
  ]);
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}
