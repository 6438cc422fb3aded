/**
 * The cluster's certificate authority, which signs the certificates of hosts and controllers. Made
 * once; all controllers of the cluster share it.
 */

export interface StoredAuthority {
  /** PEM. */
  certificate: string;
  /** PKCS #8, PEM. */
  privateKey: string;
  createdAt: number;
}

/** The certificate that all controllers present to hosts. */
export interface StoredControllerCertificate {
  certificate: string;
  privateKey: string;
}

export interface AuthorityStore {
  /** undefined: no host was enrolled yet. */
  get(): Promise<StoredAuthority | undefined>;
  /** Keeps this one, or returns the one that another process has kept first. */
  create(authority: StoredAuthority): Promise<StoredAuthority>;
  controller(): Promise<StoredControllerCertificate | undefined>;
  setController(certificate: StoredControllerCertificate): Promise<void>;
}
