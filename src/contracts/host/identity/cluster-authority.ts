/** The cluster's certificate authority. It is made with the first call that needs it. */
import type { Validity } from '#core/host-identity/validity.ts';

export interface ClusterAuthority {
  /** Its own certificate, PEM. */
  certificate(): Promise<string>;
  /** SHA-256 of its public key, in hex. */
  fingerprint(): Promise<string>;
  /** Signs a certificate that identifies this host as a client. `publicKey`: SPKI, DER. */
  issue(host: string, publicKey: Buffer): Promise<IssuedCertificate>;
  /**
   * A key of 256 bits for this purpose, the same on all controllers of the cluster. Example: `'the
   * sessions of the page'`.
   */
  keyFor(purpose: string): Promise<Uint8Array>;
  /** A valid certificate of the controllers with its chain, and its key, PEM; renewed in time. */
  controller(): Promise<{ cert: string; key: string }>;
}

export interface IssuedCertificate extends Validity {
  /** In hex, lower case. */
  serial: string;
  /** PEM. */
  certificate: string;
}
