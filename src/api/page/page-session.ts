/** Signing in to the page, and its cookie in the place of a token. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { PageSession, PageSessionReply } from '#client/shapes/page-session.ts';
import type { Login } from '#core/access/login.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { originOf } from '#http/origin.ts';
import { noteUser } from '#http/request-log.ts';
import type { ApiContext } from '../requests/context.ts';
import { closed, readBody } from '../requests/json-schema.ts';
import { atSecond } from '../requests/links.ts';
import { refuseForeign, refuseForeignReader, refuseForwarded } from './own-requests.ts';
import { idleMs, type SealedSession, SessionSeal } from './sealed-session.ts';
import { cookieHeader, sealedIn } from './session-cookie.ts';

const text = Type.String({ minLength: 1, maxLength: 4096 });

const passwordBody = closed({
  user: text,
  password: text,
  user_domain: Type.Optional(text),
  project: text,
  project_domain: Type.Optional(text),
});
const credentialBody = closed({
  application_credential_id: text,
  application_credential_secret: text,
});

/** Used within this time, a session is not sealed again. */
const renewAfterMs = idleMs / 12;

/**
 * Adds `GET`, `POST` and `DELETE /ui/session`. On every other path the cookie counts as the token
 * that it has, where the request has no `X-Auth-Token`. Throws `forbidden` for a request that is
 * not one of the page's own.
 */
export function mountPageSession(app: FastifyInstance, context: ApiContext): void {
  const seal = new SessionSeal(context);
  const origin = (request: FastifyRequest) => originOf(request, context.publicUrl);
  const sessionOf = async (request: FastifyRequest): Promise<SealedSession | undefined> => {
    const sealed = sealedIn(request.headers.cookie, origin(request));
    return sealed === undefined ? undefined : seal.open(sealed);
  };

  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-auth-token'] !== undefined) return;
    const session = await sessionOf(request);
    if (session === undefined) return;
    reply.header('cross-origin-resource-policy', 'same-origin');
    refuseForeign(request);
    refuseForeignReader(request);
    request.headers['x-auth-token'] = session.token;
    if (isFile(request) || context.clock.now() - session.usedAt < renewAfterMs) return;
    reply.header('set-cookie', cookieHeader(await seal.seal(session), origin(request)));
  });
  // An answer with a session is for one browser alone.
  app.addHook('onSend', async (_, reply) => {
    if (reply.hasHeader('set-cookie')) reply.header('cache-control', 'no-store');
  });

  app.get('/ui/session', async (request, reply): Promise<PageSessionReply> => {
    reply.header('cache-control', 'no-store');
    const session = await sessionOf(request);
    return { session: (session && (await viewSession(context, session, request))) ?? null };
  });

  app.post('/ui/session', async (request, reply): Promise<PageSessionReply> => {
    refuseForeign(request);
    // Before the password is used: a place where no cookie can be set.
    if (context.publicUrl === undefined) refuseForwarded(request, origin(request));
    cookieHeader('', origin(request));
    const signedIn = await context.identity.signIn(loginOf(request.body), request.ip);
    const session = { token: signedIn.token, endsAt: signedIn.expiresAt, usedAt: 0 };
    reply.header('set-cookie', cookieHeader(await seal.seal(session), origin(request)));
    return { session: (await viewSession(context, session, request)) ?? null };
  });

  app.delete('/ui/session', async (request, reply) => {
    refuseForeign(request);
    const session = await sessionOf(request);
    reply.header('set-cookie', cookieHeader('', origin(request)));
    if (session !== undefined) {
      try {
        await context.identity.signOut(session.token);
      } finally {
        context.events.endOf(session.token);
      }
    }
    return reply.code(204).send();
  });
}

/** The files of the page are the same for everybody, and caches may keep them. */
function isFile({ routeOptions: { url = '' } }: FastifyRequest): boolean {
  return url === '/ui' || url === '/ui/*';
}

function loginOf(body: unknown): Login {
  const isCredential =
    typeof body === 'object' && body !== null && 'application_credential_id' in body;
  if (isCredential) {
    const given = readSecretBody(() => readBody(credentialBody, body));
    return {
      applicationCredentialId: given.application_credential_id,
      applicationCredentialSecret: given.application_credential_secret,
    };
  }
  const given = readSecretBody(() => readBody(passwordBody, body));
  return {
    username: given.user,
    password: given.password,
    projectName: given.project,
    userDomainName: given.user_domain ?? 'Default',
    projectDomainName: given.project_domain ?? 'Default',
  };
}

/** The refusal of a body shows the value; here it may be a password. */
function readSecretBody<Body>(read: () => Body): Body {
  try {
    return read();
  } catch (error) {
    if (!isComputeError(error, 'invalid')) throw error;
    throw new ComputeError(
      'invalid',
      'The body must have user, password and project, and may have user_domain and project_domain; or it has application_credential_id and application_credential_secret. All are texts of 1 to 4096 characters.',
    );
  }
}

/** undefined: the token is no longer valid. */
async function viewSession(
  { identity, policy }: ApiContext,
  { token, endsAt }: SealedSession,
  request: FastifyRequest,
): Promise<PageSession | undefined> {
  try {
    const known = await identity.validate(token);
    noteUser(request, known);
    const rules = policy();
    const caller = { ...known, isAdmin: rules.isAdmin(known) };
    return {
      user_name: caller.userName,
      project_name: caller.projectName,
      sees_hosts: rules.mayAllow('novella:fleet', caller),
      ends_at: atSecond(endsAt),
    };
  } catch (error) {
    if (isComputeError(error, 'unauthenticated')) return undefined;
    throw error;
  }
}
