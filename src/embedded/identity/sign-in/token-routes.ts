/** Sign in, show, check and revoke tokens; what a token sees of itself. */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { noteUser } from '#http/request-log.ts';
import type { GuardedCall, OpenCall } from '../../route-table.ts';
import { tokenOf } from '../../token-guard.ts';
import { type Catalog, viewCatalog } from '../catalog.ts';
import type { Directory } from '../directory.ts';
import { signIn } from './sign-in.ts';
import { actorOf, type Session } from './tokens.ts';
import { viewToken } from '../views.ts';

type Call = GuardedCall<Session>;

/** POST /v3/auth/tokens: the token's text goes out in a header, and never again. */
export async function issueToken({ body, query, request, reply }: OpenCall, directory: Directory) {
  const signedIn = await signIn(body, { ...directory, source: request.ip });
  const { text, session } = await directory.tokens.issue(signedIn);
  reply.header('x-subject-token', text).header('vary', 'X-Auth-Token');
  return { token: viewToken(session, catalogFor(query, directory)) };
}

/** GET /v3/auth/tokens: what a service asks to know a user's token. */
export async function showToken({ caller, query, request, reply }: Call, directory: Directory) {
  const subject = subjectOf(request.headers);
  const session = await directory.tokens.find(subject, query['allow_expired'] === '1');
  if (session === undefined) throw unknownToken();
  refuseForeign(caller, session);
  reply.header('x-subject-token', subject).header('vary', 'X-Auth-Token');
  return { token: viewToken(session, catalogFor(query, directory)) };
}

/** DELETE /v3/auth/tokens. */
export async function revokeToken({ caller, request }: Call, { tokens }: Directory) {
  const subject = subjectOf(request.headers);
  const session = await tokens.find(subject);
  if (session === undefined) throw unknownToken();
  refuseForeign(caller, session);
  await tokens.revoke(subject);
}

/** GET /v3/auth/catalog. */
export function showOwnCatalog(call: Call, directory: Directory) {
  return {
    catalog: viewCatalog(directory.catalog()),
    links: { self: `${call.baseUrl}/v3/auth/catalog`, next: null, previous: null },
  };
}

/** Who a request's own token stands for. Throws `unauthenticated`. */
export async function authenticate(
  request: OpenCall['request'],
  { tokens }: Pick<Directory, 'tokens'>,
): Promise<Session> {
  const session = await tokens.find(tokenOf(request));
  if (session !== undefined) {
    noteUser(request, { userId: session.user.id, projectId: session.project?.id ?? '' });
    return session;
  }
  throw new ComputeError('unauthenticated', 'The token is unknown, expired or revoked.');
}

function catalogFor(query: OpenCall['query'], directory: Directory): Catalog | undefined {
  return 'nocatalog' in query ? undefined : directory.catalog();
}

function subjectOf(headers: OpenCall['request']['headers']): string {
  const subject = headers['x-subject-token'];
  if (typeof subject === 'string' && subject !== '') return subject;
  throw new ComputeError('invalid', 'X-Subject-Token: missing: it names the token to check');
}

function refuseForeign(caller: Session, subject: Session): void {
  const mayJudge = allows('service', actorOf(caller));
  if (mayJudge || caller.user.id === subject.user.id) return;
  throw new ComputeError(
    'forbidden',
    "Another user's token may be looked at only with the role admin or service.",
  );
}

function unknownToken(): ComputeError {
  return new ComputeError('notFound', 'X-Subject-Token: the token is unknown, expired or revoked');
}
