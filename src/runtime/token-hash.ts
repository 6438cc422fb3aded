/** The stored form of a token. */
import { hash } from 'node:crypto';

/**
 * SHA-256 of a token, in hex. A token is 256 random bits, so guessing need not be slowed down.
 * Example: `sha256OfToken('secret')` → `2bb80d53…`.
 */
export function sha256OfToken(token: string): string {
  return hash('sha256', token);
}
