/**
 * Join tokens: a secret by which a host gets its first certificate, and the authority that the
 * controller must prove to have before the secret is sent.
 */

export interface JoinToken {
  secret: string;
  /** Fingerprint of the cluster's authority: SHA-256 of its public key, in hex. */
  authority: string;
}

/** Identifies a leaked token. */
const prefix = 'novella-join-';

/** Example: `novella-join-Zk3…_Q.9f2c…e1`. */
export function joinTokenText({ secret, authority }: JoinToken): string {
  return `${prefix}${secret}.${authority}`;
}

/**
 * The parts of a join token; undefined for any other text, such as the token of a host that was
 * enrolled by version 0.2 or older.
 */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, secret, authority] =
    /^novella-join-([\w-]{16,128})\.([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return secret === undefined || authority === undefined ? undefined : { secret, authority };
}

/** Is this meant to be a join token? One that was cut off while it was copied is. */
export function isJoinToken(text: string): boolean {
  return text.startsWith(prefix);
}
