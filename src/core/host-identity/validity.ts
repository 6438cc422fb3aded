/** How long certificates are valid, and when they are replaced. Times are epoch milliseconds. */

export interface Validity {
  notBefore: number;
  notAfter: number;
}

const dayMs = 86_400_000;

/** Of a host's certificate, unless configured otherwise. */
export const hostCertificateDays = 90;
/** Of the certificate of the controllers, which they renew themselves. */
export const controllerLifeMs = 365 * dayMs;
/** Of the authority: longer than the machines. */
export const authorityLifeMs = 30 * 365 * dayMs;
/** Of a join token, unless requested otherwise. */
export const joinTokenMs = 3_600_000;

/** For clocks that are behind. */
const earlierMs = 3_600_000;

/**
 * From a little before now, since the clock of the peer may be behind. A short life begins less
 * early. Example: 90 days from now, and an hour before it.
 */
export function validityFrom(now: number, lifeMs: number): Validity {
  return { notBefore: now - Math.min(earlierMs, lifeMs / 10), notAfter: now + lifeMs };
}

/** When a certificate is replaced: at two thirds of its life. */
export function renewalAt({ notBefore, notAfter }: Validity): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}
