/** A user's key pair, of which only the public half is kept. Source: Nova API, "Keypairs". */

/** `ssh`: a line of OpenSSH; `x509`: a certificate in PEM, for guests with Windows. */
export const keyTypes = ['ssh', 'x509'] as const;

export type KeyType = (typeof keyTypes)[number];

/** What a server keeps of a key pair, whatever happens to the pair later. */
export interface ServerKey {
  type: KeyType;
  /** As it came. Example: `ssh-ed25519 AAAA… me@laptop`. */
  publicKey: string;
}

/** `name` is unique among those of a user. */
export interface KeyPair extends ServerKey {
  id: number;
  userId: string;
  name: string;
  /** Bytes in hex, MD5 of an SSH key and SHA-1 of a certificate. Example: `1e:2c:…`. */
  fingerprint: string;
  /** Epoch milliseconds. */
  createdAt: number;
}
