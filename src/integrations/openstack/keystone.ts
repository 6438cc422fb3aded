/** Keystone as the identity service: validates tokens. */
import { hash } from 'node:crypto';
import type { Clock } from '#contracts/clock.ts';
import type { Caller, IdentityService } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import { TtlCache } from '#runtime/ttl-cache.ts';
import type { Session } from './http/session.ts';
import type { UserTokens } from './http/user-tokens.ts';

/** Keystone's description of a token; an unscoped token has no project and no roles. */
interface ShownToken {
  expires_at: string;
  user: { id: string; name: string; domain: { id: string } };
  project?: { id: string; name: string };
  roles?: { name: string }[];
}

/**
 * A caller, and when the token expires: epoch milliseconds. `answer`: its number among Keystone's
 * answers.
 */
interface Known {
  caller: Caller;
  expiresAt: number;
  answer: number;
}

/** Bounded: a caller with many tokens must not fill the memory. */
const mostKnown = 10_000;

/**
 * Validates tokens. Keystone's answer is cached for `cacheMs`: that long a revoked token or role
 * still counts. Only hashes of tokens are kept as keys. Source: Keystone API v3, "Validate and show
 * information for token".
 */
export function createKeystoneIdentity(options: {
  session: Session;
  users: UserTokens;
  clock: Clock;
  cacheMs: number;
}): IdentityService {
  const { session, users, clock, cacheMs } = options;
  const known = new TtlCache<Known>({
    now: () => clock.now(),
    ttlMs: cacheMs,
    mostEntries: mostKnown,
  });
  let answers = 0;
  const read = async (token: string): Promise<Known> => {
    const shown = await showToken(session, token);
    answers += 1;
    const expiresAt = Date.parse(shown.expires_at);
    return { caller: callerOf(shown, token), expiresAt, answer: answers };
  };
  return {
    signIn: (login, source) => users.signIn(login, source),
    async signOut(token) {
      const key = keyOf(token);
      known.drop(key);
      await users.signOut(token);
      // What Keystone answered before it revoked the token.
      known.drop(key);
    },
    async validate(token) {
      const key = keyOf(token);
      const before = answers;
      const { caller, expiresAt, answer } = await known.get(key, () => read(token));
      // An answer that came after the question counts, even if our clock disagrees.
      if (answer <= before && clock.now() >= expiresAt) throw unknown();
      // A copy: a caller must not change what the next one gets.
      return { ...caller, roles: [...caller.roles] };
    },
    async hasProject(id, caller) {
      const path = `/projects/${encodeURIComponent(id)}`;
      const { status } = await session.call({ method: 'GET', path, acting: caller });
      return status !== 404;
    },
  };
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}

async function showToken(session: Session, token: string): Promise<ShownToken> {
  // A text that cannot be sent in a header is not a token.
  if (!/^[\x21-\x7e]+$/.test(token)) throw unknown();
  const { status, body } = await session.call({
    method: 'GET',
    path: '/auth/tokens?nocatalog',
    headers: { 'x-subject-token': token },
    acting: 'service',
  });
  if (status === 200) return (body as { token: ShownToken }).token;
  if (status === 404 || status === 400) throw unknown();
  const name = await session.name();
  throw new ComputeError(
    'unavailable',
    status === 403
      ? `the ${name} does not allow our user to check tokens: it needs the role \`service\` or \`admin\``
      : `the ${name} answers ${status} to the check of a token`,
    { detail: JSON.stringify(body) },
  );
}

function callerOf({ user, project, roles = [] }: ShownToken, token: string): Caller {
  const names = roles.map(({ name }) => name);
  return {
    userId: user.id,
    userName: user.name,
    projectId: project?.id ?? '',
    projectName: project?.name ?? '',
    domainId: user.domain.id,
    roles: names,
    isAdmin: names.includes('admin'),
    token,
  };
}

function unknown(): ComputeError {
  return new ComputeError('unauthenticated', 'The token is unknown, expired or revoked.');
}
