/**
 * The data of the embedded identity service: users, projects, roles, application credentials, and
 * issued tokens. Passwords, secrets and tokens only as hashes.
 */

export interface StoredProject {
  id: string;
  name: string;
  domainId: string;
  description: string;
  enabled: boolean;
}

export interface StoredUser {
  id: string;
  name: string;
  domainId: string;
  /** Made by `embedded/identity/sign-in/password.ts`; '': has no password, and cannot sign in. */
  passwordHash: string;
  /** Of the password that the configuration gave last; null: none, or `passwordHash`. */
  givenHash: string | null;
  enabled: boolean;
  defaultProjectId: string | null;
  description: string | null;
  email: string | null;
}

export interface StoredRole {
  id: string;
  name: string;
  description: string | null;
}

/** A role that a user has on a project. */
export interface RoleAssignment {
  userId: string;
  projectId: string;
  roleId: string;
}

/**
 * A secret with which programs act for a user on a project, with some of the user's roles.
 * `expiresAt`: epoch milliseconds; null: never. `unrestricted`: may manage application credentials.
 */
export interface StoredApplicationCredential {
  id: string;
  name: string;
  description: string | null;
  userId: string;
  projectId: string;
  secretHash: string;
  roleIds: string[];
  expiresAt: number | null;
  unrestricted: boolean;
}

/**
 * An issued token. `digest`: SHA-256 of its text, hex. `projectId` null: unscoped. Times are epoch
 * milliseconds.
 */
export interface StoredToken {
  digest: string;
  userId: string;
  projectId: string | null;
  methods: string[];
  auditId: string;
  issuedAt: number;
  expiresAt: number;
  /** The one that it was issued for; null: none. */
  applicationCredentialId: string | null;
}

export type ProjectChange = Partial<Pick<StoredProject, 'name' | 'description' | 'enabled'>>;
export type UserChange = Partial<Omit<StoredUser, 'id' | 'domainId'>>;
export type RoleChange = Partial<Omit<StoredRole, 'id'>>;

/**
 * Names are unique per domain. Reads of one return undefined when there is none. A change or
 * removal after which no enabled user with a password has the role admin on an enabled project is
 * refused with `forbidden`, if there is one before it.
 */
export interface IdentityStore {
  addProject(project: StoredProject): Promise<void>;
  project(id: string): Promise<StoredProject | undefined>;
  projectNamed(name: string, domainId: string): Promise<StoredProject | undefined>;
  projects(): Promise<StoredProject[]>;
  /** Disabling it revokes its tokens. */
  changeProject(id: string, change: ProjectChange): Promise<void>;
  /** With its tokens, role assignments and application credentials. */
  removeProject(id: string): Promise<void>;

  addUser(user: StoredUser): Promise<void>;
  /** Another password and disabling revoke the user's tokens. */
  changeUser(id: string, change: UserChange): Promise<void>;
  /** With the user's tokens, role assignments and application credentials. */
  removeUser(id: string): Promise<void>;
  user(id: string): Promise<StoredUser | undefined>;
  userNamed(name: string, domainId: string): Promise<StoredUser | undefined>;
  users(): Promise<StoredUser[]>;

  addRole(role: StoredRole): Promise<void>;
  roles(): Promise<StoredRole[]>;
  changeRole(id: string, change: RoleChange): Promise<void>;
  /** With its assignments, and the application credentials that have it. */
  removeRole(id: string): Promise<void>;
  /** Granting an existing grant is no error. */
  grant(assignment: RoleAssignment): Promise<void>;
  /**
   * Ends a grant, and with it the user's application credentials on the project. False when there
   * is no such grant.
   */
  revoke(assignment: RoleAssignment): Promise<boolean>;
  assignments(of: { userId?: string; projectId?: string }): Promise<RoleAssignment[]>;

  addApplicationCredential(credential: StoredApplicationCredential): Promise<void>;
  applicationCredential(id: string): Promise<StoredApplicationCredential | undefined>;
  applicationCredentials(userId: string): Promise<StoredApplicationCredential[]>;
  /** With its tokens. */
  removeApplicationCredential(id: string): Promise<void>;

  /** Adds a token and deletes those that expired before `dropExpiredBefore`. */
  addToken(token: StoredToken, dropExpiredBefore: number): Promise<void>;
  token(digest: string): Promise<StoredToken | undefined>;
  removeToken(digest: string): Promise<void>;
}
