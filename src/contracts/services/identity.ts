/** The caller of a request: the identity service as the compute API needs it. */

/**
 * The identity behind a token. `token` is passed on where another service checks the caller's own
 * rights.
 */
export interface Caller {
  userId: string;
  userName: string;
  projectId: string;
  projectName: string;
  domainId: string;
  roles: string[];
  isAdmin: boolean;
  token: string;
}

export interface IdentityService {
  /** The caller of this token. Throws `unauthenticated` when it is unknown, expired or revoked. */
  validate(token: string): Promise<Caller>;
}
