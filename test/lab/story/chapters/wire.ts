/**
 * Reads the capture of the wire between the two PFs: which VLAN tags a guest's frames carry there.
 */
import { readFile } from 'node:fs/promises';

const fileHeader = 24;
const recordHeader = 16;
const dot1q = 0x81_00;

/**
 * VLANs of the tagged frames that this MAC sent over the wire, each once; 0 stands for a frame
 * without a tag. Source: libpcap's file format (little endian, as QEMU's filter-dump writes it);
 * IEEE 802.1Q.
 */
export async function vlansOnWire(pcapFile: string, macAddress: string): Promise<number[]> {
  const capture = await readFile(pcapFile);
  const source = Buffer.from(macAddress.replaceAll(':', ''), 'hex');
  const vlans = new Set<number>();
  let at = fileHeader;
  while (at + recordHeader <= capture.length) {
    const length = capture.readUInt32LE(at + 8);
    const frame = capture.subarray(at + recordHeader, at + recordHeader + length);
    at += recordHeader + length;
    if (frame.length < 18 || !frame.subarray(6, 12).equals(source)) continue;
    const isTagged = frame.readUInt16BE(12) === dot1q;
    vlans.add(isTagged ? frame.readUInt16BE(14) & 0xf_ff : 0);
  }
  return [...vlans].sort((a, b) => a - b);
}
