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
  /**
   * Whether there is a project with this id, as far as the caller may know: without the right to
   * read it, true. Source: Nova `verify_project_id`.
   */
  hasProject(id: string, caller: Caller): Promise<boolean>;
}
