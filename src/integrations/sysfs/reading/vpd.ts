/**
 * Vital product data of a PCI card, in the format of the kernel's `vpd` file. Source: PCI Local Bus
 * 3.0, appendix I.
 */

const readOnlyTag = 0x90;
const endTag = 0x78;

/**
 * The serial number of the card (keyword SN of the read-only part), or undefined when the data has
 * none or is damaged. Example: `MT2042X12345`.
 */
export function vpdSerialNumber(data: Uint8Array): string | undefined {
  let at = 0;
  while (at < data.length) {
    const tag = data[at] ?? endTag;
    if (tag === endTag) return undefined;
    const isLarge = (tag & 0x80) !== 0;
    const length = isLarge ? readLength(data, at + 1) : tag & 0x07;
    const start = at + (isLarge ? 3 : 1);
    if (tag === readOnlyTag) return keyword(data.subarray(start, start + length), 'SN');
    at = start + length;
  }
  return undefined;
}

function readLength(data: Uint8Array, at: number): number {
  return (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8);
}

/** The text of one keyword: two letters, a length, the text. */
function keyword(fields: Uint8Array, wanted: string): string | undefined {
  let at = 0;
  while (at + 3 <= fields.length) {
    const name = String.fromCharCode(fields[at] ?? 0, fields[at + 1] ?? 0);
    const length = fields[at + 2] ?? 0;
    if (name === wanted) {
      const text = String.fromCharCode(...fields.subarray(at + 3, at + 3 + length));
      const serial = text.replaceAll('\0', '').trim();
      return serial === '' ? undefined : serial;
    }
    at += 3 + length;
  }
  return undefined;
}
