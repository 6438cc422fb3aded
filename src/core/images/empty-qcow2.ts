/**
 * A qcow2 file without data, as a disk that was never written. Source: QEMU
 * docs/interop/qcow2.txt.
 */

const clusterBits = 16;
const clusterBytes = 2 ** clusterBits;
/** One table of the second level maps this much. */
const mappedBytes = (clusterBytes / 8) * clusterBytes;

/** The clusters before the table of the first level. */
const [refcountTable, refcountBlock, mapping] = [1, 2, 3] as const;

/** Example: `emptyQcow2(2 ** 30)` → 256 KiB that qemu-img reads as a disk of 1 GiB. */
export function emptyQcow2(virtualBytes: number): Buffer {
  const tables = Math.max(1, Math.ceil(virtualBytes / mappedBytes));
  const mappingClusters = Math.ceil((tables * 8) / clusterBytes);
  const clusters = mapping + mappingClusters;
  const file = Buffer.alloc(clusters * clusterBytes);
  file.write('QFI\xfb', 'latin1');
  file.writeUInt32BE(2, 4);
  file.writeUInt32BE(clusterBits, 20);
  file.writeBigUInt64BE(BigInt(Math.ceil(virtualBytes / 512) * 512), 24);
  file.writeUInt32BE(tables, 36);
  file.writeBigUInt64BE(BigInt(mapping * clusterBytes), 40);
  file.writeBigUInt64BE(BigInt(refcountTable * clusterBytes), 48);
  file.writeUInt32BE(1, 56);
  file.writeBigUInt64BE(BigInt(refcountBlock * clusterBytes), refcountTable * clusterBytes);
  for (let at = 0; at < clusters; at += 1) {
    file.writeUInt16BE(1, refcountBlock * clusterBytes + at * 2);
  }
  return file;
}
