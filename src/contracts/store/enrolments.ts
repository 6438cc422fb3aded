/** Hosts that may dial in. The store keeps what a token hashes to, never the token. */

/** Times are epoch milliseconds; `revokedAt` null: the token is good. */
export interface Enrolment {
  /** The host's name; it may speak for no other. */
  host: string;
  tokenSha256: string;
  createdAt: number;
  revokedAt: number | null;
}

export interface EnrolmentStore {
  /** Sets the host's token. Throws `conflict` when it has a good one, unless `replaces`. */
  enroll(enrolment: Omit<Enrolment, 'revokedAt'>, how: { replaces: boolean }): Promise<void>;
  /** By name. */
  list(): Promise<Enrolment[]>;
  /** Whose token this is, good or revoked; undefined for one that is, or has become, nobody's. */
  ofToken(tokenSha256: string): Promise<Enrolment | undefined>;
  /**
   * Revokes the token. No error when it was revoked before. Throws `notFound` for a host that was
   * never enrolled.
   */
  revoke(host: string, at: number): Promise<void>;
  /** As if it had never been enrolled. False when it never was. */
  remove(host: string): Promise<boolean>;
}
