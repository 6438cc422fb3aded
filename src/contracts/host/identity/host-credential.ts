/** What a connecting host presents to a controller, and whether that is accepted. */

/**
 * `certificate`: signed by the cluster's authority and within its time; whether it was revoked is
 * not known yet. `none`: nothing that identifies a host, and why.
 */
export type HostCredential =
  | { kind: 'certificate'; serial: string; host: string }
  | { kind: 'token'; sha256: string }
  | { kind: 'none'; problem: string };

/** The host, or why it is refused: an HTTP status with a message for the peer. */
export type Admission = { host: string } | { status: 401 | 409; message: string };
