/**
 * Why one end hangs up on the other: close codes of the WebSocket, from the range that is free for
 * applications. Source: RFC 6455, 7.4.2.
 */

export const closeCodes = {
  /** It said what is no message, or out of turn. */
  malformed: 4400,
  /** Its token was revoked. */
  tokenRevoked: 4401,
  /** It spoke for a host that its token is not of. */
  otherHost: 4403,
  /** The same host has dialled in again. */
  replaced: 4409,
} as const;

export type Refusal = keyof typeof closeCodes;

/** Thrown by who reads a message: the link is closed with it. */
export class LinkRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, reason: string) {
    super(reason);
    this.refusal = refusal;
  }
}

/** The refusal of a close code, or undefined for an end of any other kind. */
export function refusalOf(code: number): Refusal | undefined {
  return (Object.keys(closeCodes) as Refusal[]).find((refusal) => closeCodes[refusal] === code);
}
