/** Colours as an RFB client has requested them. Source: RFC 6143, 7.4. */

export interface PixelFormat {
  bytesPerPixel: 1 | 2 | 4;
  isBigEndian: boolean;
  /** Largest value of red, green and blue, and the bits below each. */
  max: readonly [number, number, number];
  shift: readonly [number, number, number];
}

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

export const usualFormat: PixelFormat = {
  bytesPerPixel: 4,
  isBigEndian: false,
  max: [255, 255, 255],
  shift: [16, 8, 0],
};

/** The 16 bytes of the protocol: with 24 bits of colour, always true colour. */
export function formatBytes({ bytesPerPixel, isBigEndian, max, shift }: PixelFormat): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.set([bytesPerPixel * 8, 24, isBigEndian ? 1 : 0, 1]);
  for (const [at, value] of max.entries()) bytes.writeUInt16BE(value, 4 + 2 * at);
  bytes.set(shift, 10);
  return bytes;
}

/** undefined: of no true colour, or of another size. */
export function readFormat(bytes: Buffer): PixelFormat | undefined {
  const bytesPerPixel = (bytes[0] ?? 0) / 8;
  const isTrueColour = bytes[3] !== 0;
  if (!isTrueColour || (bytesPerPixel !== 1 && bytesPerPixel !== 2 && bytesPerPixel !== 4)) {
    return undefined;
  }
  return {
    bytesPerPixel,
    isBigEndian: bytes[2] !== 0,
    max: [bytes.readUInt16BE(4), bytes.readUInt16BE(6), bytes.readUInt16BE(8)],
    shift: [(bytes[10] ?? 0) & 31, (bytes[11] ?? 0) & 31, (bytes[12] ?? 0) & 31],
  };
}

/** One pixel of this colour. Example: `([255, 0, 0], usualFormat)` → `00 00 ff 00`. */
export function pixel(colour: Colour, format: PixelFormat): Buffer {
  const { bytesPerPixel, isBigEndian, max, shift } = format;
  let value = 0;
  for (const [at, part] of colour.entries()) {
    value |= Math.round((part * (max[at] ?? 0)) / 255) << (shift[at] ?? 0);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  const needed = bytes.subarray(4 - bytesPerPixel);
  return isBigEndian ? needed : Buffer.from(needed.toReversed());
}
