/**
 * Hosts that may connect, and their certificates. The store keeps only the hash of a token, never
 * the token. Times are epoch milliseconds.
 */

export interface Enrolment {
  /** The host's name; its tokens and certificates are valid for no other host. */
  host: string;
  createdAt: number;
  /** null: the host may join or connect. */
  revokedAt: number | null;
  /** The hash of the token by which it may join, once. null: it has none. */
  joinTokenSha256: string | null;
  joinExpiresAt: number | null;
  /** Fingerprint of the key that joined with the token; null: it is not used yet. */
  joinKeySha256: string | null;
  /**
   * The hash of a token without an end, as version 0.2 and older gave; null: it has none.
   * Deprecated.
   */
  tokenSha256: string | null;
}

/** One of a host's certificates. */
export interface HostCertificate {
  /** In hex, lower case. */
  serial: string;
  host: string;
  /** Fingerprint of its key; no two certificates have one key. */
  keySha256: string;
  /** PEM. */
  certificate: string;
  notBefore: number;
  notAfter: number;
  revokedAt: number | null;
}

/** A token by which a host may join until then. */
export type NewJoinToken = Required<
  Pick<Enrolment, 'host' | 'createdAt'> & { tokenSha256: string; expiresAt: number }
>;

/**
 * What a certificate is issued for: a join token, a certificate that it will replace, or (`token`)
 * a deprecated token.
 */
export type IssuedFor =
  | { kind: 'join'; tokenSha256: string }
  | { kind: 'renewal'; serial: string }
  | { kind: 'token' };

export interface EnrolmentStore {
  /**
   * Gives the host this token to join with, and revokes its certificates and tokens. Throws
   * `conflict` when it has a valid certificate or token, unless `replaces`.
   */
  enroll(token: NewJoinToken, how: { replaces: boolean }): Promise<void>;
  /** By name, each with its certificate that is valid longest, or null. `host`: that one alone. */
  list(host?: string): Promise<(Enrolment & { certificate: HostCertificate | null })[]>;
  /** undefined: never enrolled. */
  named(host: string): Promise<Enrolment | undefined>;
  /**
   * The enrolment with this token without an end, valid or revoked; undefined when no enrolment has
   * it (any more).
   */
  ofToken(tokenSha256: string): Promise<Enrolment | undefined>;
  /** The enrolment with this join token, used, expired or not. */
  ofJoinToken(tokenSha256: string): Promise<Enrolment | undefined>;
  /** The certificates with these serial numbers, valid or not, by number. */
  certificates(serials: readonly string[]): Promise<Map<string, HostCertificate>>;
  /** The certificate of this key, valid or not. */
  certificateOfKey(keySha256: string): Promise<HostCertificate | undefined>;
  /**
   * Records an issued certificate. False, and nothing is recorded, when the host was revoked, its
   * join token was used, or the key has a certificate. Of the host's older certificates only the
   * one that is replaced stays.
   */
  certify(certificate: Omit<HostCertificate, 'revokedAt'>, issuedFor: IssuedFor): Promise<boolean>;
  /** Those of these hosts that have several valid certificates, or a token without an end. */
  unsettled(hosts: readonly string[]): Promise<Set<string>>;
  /**
   * Revokes the certificates that were issued before this one: the host connects with it. False:
   * there is none that is not revoked.
   */
  revokeOlder(than: { host: string; serial: string }, at: number): Promise<boolean>;
  /** Deletes the host's token without an end: it connects with its certificate. */
  dropToken(host: string): Promise<void>;
  /**
   * Revokes the host's tokens and certificates. No error when they were revoked before. Throws
   * `notFound` for a host that was never enrolled.
   */
  revoke(host: string, at: number): Promise<void>;
  /** Deletes the enrolment, with the certificates. False when there was none. */
  remove(host: string): Promise<boolean>;
}
