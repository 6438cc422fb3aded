/** The header Range of a download. Source: RFC 9110, section 14; one range only, as Glance. */
import { ComputeError } from '#core/errors.ts';
import type { ByteRange } from './image-files.ts';

/**
 * The requested bytes, or undefined for all. Throws `invalid` for several ranges,
 * `rangeNotSatisfiable` for a range outside the bytes. Examples for 10 bytes: `bytes=2-4` → 2 to 4;
 * `bytes=7-` → 7 to 9; `bytes=-3` → 7 to 9; `bytes=10-` is refused.
 */
export function readRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  if (header.includes(',')) {
    throw new ComputeError('invalid', `Range: '${header}': one range at a time is offered`);
  }
  const [, first = '', last = ''] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header) ?? [];
  const range =
    first === ''
      ? { start: Math.max(0, sizeBytes - Number(last)), end: sizeBytes - 1 }
      : { start: Number(first), end: Math.min(Number(last || Infinity), sizeBytes - 1) };
  const isGiven = first !== '' || Number(last) > 0;
  const isOrdered = last === '' || first === '' || Number(first) <= Number(last);
  if (isGiven && isOrdered && range.start < sizeBytes) return range;
  throw new ComputeError(
    'rangeNotSatisfiable',
    `Range: '${header}' is not a range of the image's ${sizeBytes} bytes, as bytes=0-${Math.max(0, sizeBytes - 1)}`,
  );
}
