/** Sign in, show, check and revoke tokens; a token's view of itself. */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { noteUser } from '#http/request-log.ts';
import type { OpenCall, Reply } from '#http/routes/route.ts';
import type { GuardedCall } from '../../route-table.ts';
import { tokenOf } from '../../token-guard.ts';
import { type Catalog, viewCatalog } from '../catalog.ts';
import type { Directory } from '../directory.ts';
import { type AuthBody, signIn } from './sign-in.ts';
import { actorOf, type Session } from './tokens.ts';
import { viewToken } from '../views.ts';

type Call = GuardedCall<Session>;

/** POST /v3/auth/tokens: the token's text goes out in a header, and never again. */
export async function issueToken(
  { body, query, request }: Omit<OpenCall, 'body'> & { body: AuthBody },
  directory: Directory,
) {
  const signedIn = await signIn(body, { ...directory, source: request.ip });
  const { text, session } = await directory.tokens.issue(signedIn);
  return tokenReply(text, viewToken(session, catalogFor(query, directory)));
}

/** GET /v3/auth/tokens: how a service validates a user's token. */
export async function showToken({ caller, query, request }: Call, directory: Directory) {
  const subject = subjectOf(request.headers);
  const session = await directory.tokens.find(subject, query['allow_expired'] === '1');
  if (session === undefined) throw unknownToken();
  refuseForeign(caller, session);
  return tokenReply(subject, viewToken(session, catalogFor(query, directory)));
}

function tokenReply(text: string, token: object): Reply {
  return { headers: { 'x-subject-token': text, vary: 'X-Auth-Token' }, body: { token } };
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
export function showOwnCatalog(call: Call, directory: Directory): Reply {
  const links = { self: `${call.origin}/v3/auth/catalog`, next: null, previous: null };
  return { body: { catalog: viewCatalog(directory.catalog()), links } };
}

/** The user of a request's own token. Throws `unauthenticated`. */
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
    "Another user's token may be inspected only with the role admin or service.",
  );
}

function unknownToken(): ComputeError {
  return new ComputeError('notFound', 'X-Subject-Token: the token is unknown, expired or revoked');
}
