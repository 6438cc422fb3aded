/**
 * A minimal system that proves it runs: a boot sector that writes a text to the first serial port
 * and waits.
 */

/** What appears on the serial port. */
export const bootSectorOutput = 'novella runs';

/** SeaBIOS does not boot from a disk of a single sector. */
const leastDiskBytes = 2 ** 20;

/**
 * A disk with the sector, in 16-bit code at 7c00h: `xor ax,ax / mov ds,ax / mov si,text / mov
 * dx,3f8h / next: lodsb / test al,al / jz end / out dx,al / jmp next / end: hlt / jmp end`.
 */
export function bootDisk(): Buffer {
  const code = [
    0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x00, 0x00, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee,
    0xeb, 0xf8, 0xf4, 0xeb, 0xfd,
  ];
  const disk = Buffer.alloc(leastDiskBytes);
  disk.set(code);
  disk.writeUInt16LE(0x7c00 + code.length, 5);
  disk.write(`${bootSectorOutput}\n\0`, code.length, 'latin1');
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}
