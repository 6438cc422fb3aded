/**
 * The header of a qcow2 file, read before any program opens it. Source: QEMU
 * docs/interop/qcow2.txt.
 */

/** Enough bytes of a file's beginning for its header. */
export const headBytes = 512;

export interface Qcow2Header {
  /** Size of the disk inside. */
  virtualBytes: number;
  /** Where in the file the name of its backing file is; null: it has none. */
  backingName: { offset: number; length: number } | null;
  isEncrypted: boolean;
  isCorrupt: boolean;
  /** Its data is in another file. */
  hasDataFile: boolean;
}

const magic = 0x51_46_49_fb;
const corruptBit = 2;
const dataFileBit = 4;
const headerBytes = { 2: 72, 3: 104 } as const;

/** undefined when these are not the first bytes of a qcow2 file of version 2 or 3. */
export function readQcow2Header(head: Uint8Array): Qcow2Header | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (!isQcow2(head) || view.byteLength < 8) return undefined;
  const version = view.getUint32(4);
  if ((version !== 2 && version !== 3) || view.byteLength < headerBytes[version]) return undefined;
  const offset = Number(view.getBigUint64(8));
  // Features that a reader must understand; version 2 has none. All relevant ones are in the low
  // half.
  const features = version === 3 ? view.getUint32(76) : 0;
  return {
    virtualBytes: Number(view.getBigUint64(24)),
    backingName: offset === 0 ? null : { offset, length: view.getUint32(16) },
    isEncrypted: view.getUint32(32) !== 0,
    isCorrupt: (features & corruptBit) !== 0,
    hasDataFile: (features & dataFileBit) !== 0,
  };
}

/** Does a file begin as qcow2 does? Includes version 1, which is not supported. */
export function isQcow2(head: Uint8Array): boolean {
  return head.length >= 4 && new DataView(head.buffer, head.byteOffset).getUint32(0) === magic;
}
