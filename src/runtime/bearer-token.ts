/** The token of an `Authorization` header (RFC 6750, section 2.1). */

/**
 * Example: `Bearer 5f…` → `5f…`; a header that is missing or has another scheme → the empty text,
 * which is never a valid token.
 */
export function bearerToken(authorization: string | undefined): string {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
}
