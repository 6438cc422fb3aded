/** The caller of a request: the identity service as the compute API needs it. */

import type { Login } from '#core/access/login.ts';

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

/** A new token, and when it expires: epoch milliseconds. */
export interface SignedIn {
  token: string;
  expiresAt: number;
}

export interface IdentityService {
  /**
   * A token for a user of the page. `source`: the address that the sign-in comes from. Throws
   * `unauthenticated` for a wrong user, password or project, `tooManyRequests`.
   */
  signIn(login: Login, source: string): Promise<SignedIn>;
  /** Revokes a token of this user; one that is no longer valid is no error. */
  signOut(token: string): Promise<void>;
  /** The caller of this token. Throws `unauthenticated` when it is unknown, expired or revoked. */
  validate(token: string): Promise<Caller>;
  /**
   * Whether there is a project with this id, as far as the caller may know: without the right to
   * read it, true. Source: Nova `verify_project_id`.
   */
  hasProject(id: string, caller: Caller): Promise<boolean>;
}
