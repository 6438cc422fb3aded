/**
 * Why one end closes the link: WebSocket close codes from the range for applications. Source: RFC
 * 6455, 7.4.2.
 */

export const closeCodes = {
  /** It sent an invalid message, or one out of turn. */
  malformed: 4400,
  /** Its certificate or token was revoked, or its certificate has expired. */
  revoked: 4401,
  /** It acted for a host that its certificate or token does not belong to. */
  otherHost: 4403,
  /** The same host has connected again. */
  replaced: 4409,
} as const;

export type Refusal = keyof typeof closeCodes;

/** Thrown by the reader of a message: the link is closed with it. */
export class LinkRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, reason: string) {
    super(reason);
    this.refusal = refusal;
  }
}

/** The refusal of a close code, or undefined for any other end. */
export function refusalOf(code: number): Refusal | undefined {
  return (Object.keys(closeCodes) as Refusal[]).find((refusal) => closeCodes[refusal] === code);
}
