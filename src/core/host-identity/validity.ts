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

const hourMs = 3_600_000;
/** For clocks that are behind. */
const earlierMs = hourMs;

/**
 * From a little before now, since the clock of the peer may be behind. A short life begins less
 * early. Example: 90 days from now, and an hour before it.
 */
export function validityFrom(now: number, lifeMs: number): Validity {
  return { notBefore: now - Math.min(earlierMs, lifeMs / 10), notAfter: now + lifeMs };
}

/**
 * How long to wait until a certificate is replaced, or, once that was tried, until it is tried
 * again: twenty times in the last third, but at least once an hour. In milliseconds.
 */
export function renewalWait(validity: Validity, now: number, hasTried: boolean): number {
  const thirdMs = (validity.notAfter - validity.notBefore) / 3;
  const againMs = Math.min(hourMs, thirdMs / 20);
  if (hasTried) return againMs;
  // A clock may be set meanwhile, and a timer has at most 24 days.
  return Math.min(Math.max(renewalAt(validity) - now, 0), hourMs);
}

/** When a certificate is replaced: at two thirds of its life. */
export function renewalAt({ notBefore, notAfter }: Validity): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}
