/**
 * The data of the embedded identity service: users, projects, roles, and issued tokens. Passwords
 * and tokens only as hashes.
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
  /** Made by `embedded/identity/password.ts`. */
  passwordHash: string;
  enabled: boolean;
  defaultProjectId: string | null;
}

export interface StoredRole {
  id: string;
  name: string;
}

/** A role that a user has on a project. */
export interface RoleAssignment {
  userId: string;
  projectId: string;
  roleId: string;
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
}

/** Names are unique per domain. Reads of one return undefined when there is none. */
export interface IdentityStore {
  addProject(project: StoredProject): Promise<void>;
  project(id: string): Promise<StoredProject | undefined>;
  projectNamed(name: string, domainId: string): Promise<StoredProject | undefined>;
  projects(): Promise<StoredProject[]>;

  addUser(user: StoredUser): Promise<void>;
  /** Revokes the user's tokens too: they were issued for the former password. */
  setPasswordHash(userId: string, passwordHash: string): Promise<void>;
  user(id: string): Promise<StoredUser | undefined>;
  userNamed(name: string, domainId: string): Promise<StoredUser | undefined>;
  users(): Promise<StoredUser[]>;

  addRole(role: StoredRole): Promise<void>;
  roles(): Promise<StoredRole[]>;
  /** Granting an existing grant is no error. */
  grant(assignment: RoleAssignment): Promise<void>;
  assignments(of: { userId?: string; projectId?: string }): Promise<RoleAssignment[]>;

  /** Adds a token and deletes those that expired before `dropExpiredBefore`. */
  addToken(token: StoredToken, dropExpiredBefore: number): Promise<void>;
  token(digest: string): Promise<StoredToken | undefined>;
  removeToken(digest: string): Promise<void>;
}
