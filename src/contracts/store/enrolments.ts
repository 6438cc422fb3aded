/** Hosts that may connect. The store keeps only the hash of a token, never the token. */

/** Times are epoch milliseconds; `revokedAt` null: the token is valid. */
export interface Enrolment {
  /** The host's name; its token is valid for no other host. */
  host: string;
  tokenSha256: string;
  createdAt: number;
  revokedAt: number | null;
}

export interface EnrolmentStore {
  /** Sets the host's token. Throws `conflict` when it has a valid one, unless `replaces`. */
  enroll(enrolment: Omit<Enrolment, 'revokedAt'>, how: { replaces: boolean }): Promise<void>;
  /** By name. */
  list(): Promise<Enrolment[]>;
  /**
   * The enrolment with this token, valid or revoked; undefined when no enrolment has it (any more).
   */
  ofToken(tokenSha256: string): Promise<Enrolment | undefined>;
  /**
   * Revokes the token. No error when it was revoked before. Throws `notFound` for a host that was
   * never enrolled.
   */
  revoke(host: string, at: number): Promise<void>;
  /** Deletes the enrolment. False when there was none. */
  remove(host: string): Promise<boolean>;
}
