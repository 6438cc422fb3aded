/**
 * Tokens: created, found, revoked. The store has only their SHA-256; the cache has their sessions,
 * never their text.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '#contracts/clock.ts';
import type {
  IdentityStore,
  StoredApplicationCredential,
  StoredProject,
  StoredRole,
  StoredToken,
  StoredUser,
} from '#contracts/store/identity-store.ts';
import type { Actor } from '#core/access/policy.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { effectiveRoles } from '../roles.ts';

/** The session of a token. `project` undefined and no roles: unscoped. */
export interface Session {
  token: StoredToken;
  user: Omit<StoredUser, 'passwordHash' | 'givenHash'>;
  project: StoredProject | undefined;
  roles: StoredRole[];
  /** The application credential that it is for. */
  credential: StoredApplicationCredential | undefined;
}

/** The roles behind a token; without a project there are none. */
export function actorOf({ project, roles }: Session): Actor {
  const names = roles.map(({ name }) => name);
  return { roles: names, isAdmin: names.includes('admin'), projectId: project?.id ?? '' };
}

export interface NewSession {
  user: StoredUser;
  project: StoredProject | undefined;
  methods: string[];
  /** The application credential that was proved; it limits roles and lifetime. */
  credential?: StoredApplicationCredential;
  /** Set when it continues another token: that one's end. */
  expiresAt?: number;
}

export interface Tokens {
  issue(session: NewSession): Promise<{ text: string; session: Session }>;
  /**
   * undefined when unknown, revoked, its user or project is disabled, or it ran out and
   * `allowExpired` is not set.
   */
  find(text: string, allowExpired?: boolean): Promise<Session | undefined>;
  revoke(text: string): Promise<void>;
  /** Forgets what it read of the store: users, projects, roles or grants have changed. */
  forget(): void;
  rolesOn(userId: string, projectId: string): Promise<StoredRole[]>;
}

export interface TokenOptions {
  store: IdentityStore;
  clock: Clock;
  lifetimeMs: number;
  /** How long an answer may be older than the store. */
  cacheMs: number;
}

/**
 * Services may still validate a token this long after its end. Source: Keystone's
 * `allow_expired_window`.
 */
const expiredKeptMs = 48 * 3600 * 1000;
const cacheSize = 2000;

export function createTokens({ store, clock, lifetimeMs, cacheMs }: TokenOptions): Tokens {
  const cache = new Map<string, { session: Session; until: number }>();
  let revocations = 0;

  const { rolesOn, load } = readingSessions(store);

  const lookUp = async (digest: string): Promise<Session | undefined> => {
    const known = cache.get(digest);
    if (known !== undefined && known.until > clock.now()) return known.session;
    cache.delete(digest);
    const before = revocations;
    const token = await store.token(digest);
    const session = token && (await load(token));
    if (session === undefined) return undefined;
    // It may be the one that was revoked after it was read.
    if (revocations !== before) return session;
    if (cache.size >= cacheSize) cache.clear();
    cache.set(digest, { session, until: clock.now() + cacheMs });
    return session;
  };

  return {
    rolesOn,
    async issue(opened) {
      const text = randomBytes(32).toString('base64url');
      const now = clock.now();
      const token = newToken(opened, { digest: sha256OfToken(text), now, lifetimeMs });
      await store.addToken(token, now - expiredKeptMs);
      const { user, project, credential } = opened;
      const held = project === undefined ? [] : await rolesOn(user.id, project.id);
      const roles = limited(held, credential);
      return { text, session: { token, user: withoutHash(user), project, roles, credential } };
    },
    async find(text, allowExpired = false) {
      const session = await lookUp(sha256OfToken(text));
      if (session === undefined || allowExpired) return session;
      return session.token.expiresAt > clock.now() ? session : undefined;
    },
    async revoke(text) {
      const digest = sha256OfToken(text);
      await store.removeToken(digest);
      revocations += 1;
      cache.delete(digest);
    },
    forget() {
      revocations += 1;
      cache.clear();
    },
  };
}

function readingSessions(store: IdentityStore) {
  const rolesOn = async (userId: string, projectId: string): Promise<StoredRole[]> => {
    const [granted, all] = await Promise.all([
      store.assignments({ userId, projectId }),
      store.roles(),
    ]);
    const ids = new Set(granted.map(({ roleId }) => roleId));
    return effectiveRoles(
      all.filter(({ id }) => ids.has(id)),
      all,
    );
  };

  const credentialOf = async ({ applicationCredentialId: id }: StoredToken) =>
    id === null ? undefined : ((await store.applicationCredential(id)) ?? 'ended');

  const load = async (token: StoredToken): Promise<Session | undefined> => {
    const user = await store.user(token.userId);
    if (user?.enabled !== true) return undefined;
    const account = withoutHash(user);
    if (token.projectId === null) {
      return { token, user: account, project: undefined, roles: [], credential: undefined };
    }
    const credential = await credentialOf(token);
    if (credential === 'ended') return undefined;
    const project = await store.project(token.projectId);
    if (project?.enabled !== true) return undefined;
    const roles = limited(await rolesOn(user.id, project.id), credential);
    // A token ends with the last role of its user there.
    return roles.length === 0 ? undefined : { token, user: account, project, roles, credential };
  };

  return { rolesOn, load };
}

function newToken(
  { user, project, methods, expiresAt, credential }: NewSession,
  { digest, now, lifetimeMs }: { digest: string; now: number; lifetimeMs: number },
): StoredToken {
  return {
    digest,
    userId: user.id,
    projectId: project?.id ?? null,
    methods,
    auditId: randomBytes(16).toString('base64url'),
    issuedAt: now,
    expiresAt: Math.min(expiresAt ?? now + lifetimeMs, credential?.expiresAt ?? Infinity),
    applicationCredentialId: credential?.id ?? null,
  };
}

/** The roles that an application credential leaves of its user's, with those that they imply. */
function limited(
  roles: StoredRole[],
  credential: StoredApplicationCredential | undefined,
): StoredRole[] {
  if (credential === undefined) return roles;
  const left = roles.filter(({ id }) => credential.roleIds.includes(id));
  return effectiveRoles(left, roles);
}

function withoutHash(user: StoredUser): Session['user'] {
  const { passwordHash: _, givenHash: __, ...account } = user;
  return account;
}
