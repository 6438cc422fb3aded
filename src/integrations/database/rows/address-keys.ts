/** Addresses in the form in which the database orders them. */
import ipaddr from 'ipaddr.js';

/** After the last address there is none; no row has this text. */
const noAddress = '';

/**
 * The key of an address, and the next address. Example: `10.0.0.255` → key `0a0000ff`, next
 * `10.0.1.0`. The keys of one IP version have one length. A text that is no address comes before
 * all and has no next.
 */
export function keysOf(text: string): { addressKey: string; nextAddress: string } {
  const bytes = bytesOf(text);
  const addressKey = inHex(bytes);
  const at = bytes.findLastIndex((byte) => byte < 255);
  if (at < 0) return { addressKey, nextAddress: noAddress };
  const next = bytes.map((byte, index) => (index < at ? byte : index > at ? 0 : byte + 1));
  const isFour = next.length === 4;
  return {
    addressKey,
    nextAddress: isFour ? next.join('.') : ipaddr.fromByteArray(next).toString(),
  };
}

/** Only the key. Example: `10.0.0.255` → `0a0000ff`. */
export function keyOf(text: string): string {
  return inHex(bytesOf(text));
}

function inHex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Empty for a text that is no address. Those of IPv4 are the most, and stored in one form. */
function bytesOf(text: string): number[] {
  const parts = text.split('.');
  const bytes = parts.map(Number);
  const isFour = parts.length === 4 && parts.every((part, at) => part === String(bytes[at]));
  if (isFour && bytes.every((byte) => byte >= 0 && byte <= 255)) return bytes;
  return ipaddr.isValid(text) ? ipaddr.parse(text).toByteArray() : [];
}
