/** The embedded identity service: a small Keystone v3 over the identity store. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Caller, IdentityService } from '#contracts/services/identity.ts';
import type { IdentityStore } from '#contracts/store/identity-store.ts';
import { signInBody } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';
import { createHttpService, type ErrorReply, type FailedRequest } from '#http/service.ts';
import { titledError } from '../titled-error.ts';
import { refuseUnknown } from '../not-offered.ts';
import { mountRoutes } from '../route-table.ts';
import { type BootstrapUser, bootstrap } from './bootstrap.ts';
import type { Catalog } from './catalog.ts';
import { identityRoutes, keystoneNotOffered } from './routes.ts';
import { type AuthBody, signIn } from './sign-in/sign-in.ts';
import { signInGate } from '#runtime/sign-in/sign-in-gate.ts';
import { actorOf, createTokens, type Session } from './sign-in/tokens.ts';

/** Whoever signs in has no token yet: no body of theirs may cost much. */
const bodyLimitBytes = 64 * 1024;

export interface IdentityOptions {
  store: IdentityStore;
  clock: Clock;
  newId: NewId;
  log: Logger;
  /** Where clients reach it. Absent: as each request came. */
  publicUrl?: string;
  /** Certificate and key, PEM. Absent: clear text. */
  tls?: { cert: Buffer; key: Buffer };
  /** Resolves when what a reply shows may leave the process. */
  beforeReply?: () => Promise<void>;
  /** Read at each use: URLs are known only when every service listens. */
  catalog: () => Catalog;
  /** Made on start where missing. */
  users: BootstrapUser[];
  /** Default: one hour, as Keystone's. */
  tokenLifetimeMs?: number;
  /** How long a revoked role may still count. Default: 10 seconds. */
  cacheMs?: number;
}

/** Bootstraps the store and builds the app; it does not listen. */
export async function createIdentityService(
  options: IdentityOptions,
): Promise<{ app: FastifyInstance; service: IdentityService }> {
  const { store, clock, catalog } = options;
  await bootstrap(store, options.newId, options.users);
  const tokens = createTokens({
    store,
    clock,
    lifetimeMs: options.tokenLifetimeMs ?? 3_600_000,
    cacheMs: options.cacheMs ?? 10_000,
  });
  const gate = signInGate(clock);
  const unknown = (request: FastifyRequest) =>
    refuseUnknown(request, { name: 'identity', full: 'Keystone', notOffered: keystoneNotOffered });
  const app = createHttpService({
    log: options.log,
    toErrorReply: identityError,
    bodyLimitBytes,
    unknownRoute: unknown,
    ...(options.tls !== undefined && { tls: options.tls }),
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    ...(options.beforeReply !== undefined && { beforeReply: options.beforeReply }),
  });
  mountRoutes(app, {
    ...identityRoutes({
      store,
      tokens,
      catalog,
      gate,
      clock,
      newId: options.newId,
    }),
    unknown,
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
  });
  const validate = async (token: string) => {
    const session = await tokens.find(token);
    if (session !== undefined) return callerOf(session, token);
    throw new ComputeError('unauthenticated', 'The token is unknown, expired or revoked.');
  };
  const hasProject = async (id: string) => (await store.project(id)) !== undefined;
  const service: IdentityService = {
    validate,
    hasProject,
    async signIn(login, source) {
      const body = signInBody(login) as AuthBody;
      const signedIn = await signIn(body, { store, tokens, gate, clock, source });
      const { text, session } = await tokens.issue(signedIn);
      return { token: text, expiresAt: session.token.expiresAt };
    },
    signOut: (token) => tokens.revoke(token),
  };
  return { app, service };
}

/** An unscoped token gives a caller whose project fields are ''. */
function callerOf(session: Session, token: string): Caller {
  const { user, project } = session;
  const { roles, isAdmin, projectId } = actorOf(session);
  return {
    userId: user.id,
    userName: user.name,
    projectId,
    projectName: project?.name ?? '',
    domainId: user.domainId,
    roles: [...roles],
    isAdmin,
    token,
  };
}

function identityError(error: ComputeError, { origin }: FailedRequest): ErrorReply {
  const reply = titledError(error);
  if (reply.status !== 401) return reply;
  const uri = `${origin}/v3`;
  return { ...reply, headers: { 'www-authenticate': `Keystone uri="${uri}"` } };
}
