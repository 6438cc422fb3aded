/** The addresses that a user writes on a server for others to read. */
import ipaddr from 'ipaddr.js';
import { ComputeError } from '#core/errors.ts';

/**
 * A checked access address in its shortest writing; '' and nothing give null.
 * Example: `::babe:220.12.22.2` → `::babe:dc0c:1602`. Throws `invalid` for another kind of address.
 */
export function accessAddress(
  field: 'accessIPv4' | 'accessIPv6',
  value: string | undefined,
): string | null {
  if (value === undefined || value === '') return null;
  const isFour = field === 'accessIPv4';
  const isRight = isFour ? ipaddr.IPv4.isValidFourPartDecimal(value) : ipaddr.IPv6.isValid(value);
  if (isRight) return isFour ? value : ipaddr.IPv6.parse(value).toString();
  throw new ComputeError(
    'invalid',
    `Invalid input for field/attribute ${field}. Value: ${value}. must be an IPv${isFour ? 4 : 6} address`,
  );
}
