/**
 * From the body of `POST /v3/auth/tokens` to a session: which user, and on which project. Source:
 * Identity API v3, "Authentication".
 */
import { type Static, Type } from 'typebox';
import type { IdentityStore, StoredProject, StoredUser } from '#contracts/store/identity-store.ts';
import type { Clock } from '#contracts/clock.ts';
import { ComputeError } from '#core/errors.ts';
import { checkedBody } from '../../request-body.ts';
import { defaultDomain, isDefaultDomain } from '../domain.ts';
import {
  checkCredential,
  credentialFields,
  type GivenCredential,
} from './application-credential.ts';
import { isPassword, dummyHash } from './password.ts';
import type { SignInGate } from '#runtime/sign-in/sign-in-gate.ts';
import type { NewSession, Tokens } from './tokens.ts';

/** Source: Keystone `[identity] max_password_length`. */
export const longestPassword = 4096;

const closed = { additionalProperties: false };
const domain = Type.Object(
  { id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) },
  closed,
);
/** By id, or by name and domain. */
const name = {
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  domain: Type.Optional(domain),
};
const named = Type.Object(name, closed);
const password = Type.String({ maxLength: longestPassword });
const unread = Type.Optional(Type.Unknown());
const identity = {
  methods: Type.Array(Type.String({ maxLength: 255 }), { minItems: 1, maxItems: 8 }),
  password: Type.Optional(
    Type.Object({ user: Type.Object({ ...name, password }, closed) }, closed),
  ),
  token: Type.Optional(Type.Object({ id: Type.String() }, closed)),
  application_credential: Type.Optional(credentialFields(named)),
  /** Other methods, which `identify` refuses by name. */
  totp: unread,
  mapped: unread,
  oauth1: unread,
  oauth2_credential: unread,
  external: unread,
  saml2: unread,
};
const scope = {
  project: Type.Optional(named),
  system: unread,
  domain: unread,
  'OS-TRUST:trust': unread,
};
const authBody = Type.Object(
  {
    auth: Type.Object(
      {
        identity: Type.Object(identity, closed),
        scope: Type.Optional(Type.Union([Type.Literal('unscoped'), Type.Object(scope, closed)])),
      },
      closed,
    ),
  },
  closed,
);
export type AuthBody = Static<typeof authBody>;
type Auth = AuthBody['auth'];
type Named = Static<typeof named>;
/** The body of a sign-in. */
export const signInBody = checkedBody(authBody);

export interface SignIn {
  store: IdentityStore;
  tokens: Tokens;
  gate: SignInGate;
  clock: Clock;
  /** The address that the sign-in comes from. */
  source: string;
}

/**
 * Who signs in, on which project. Throws `unauthenticated` for a wrong user, password, token or
 * project, `tooManyRequests` in a flood of these, `notImplemented` for other methods.
 */
export async function signIn({ auth }: AuthBody, by: SignIn): Promise<NewSession> {
  const { store, tokens } = by;
  const known = await identify(auth, by);
  if (known.credential !== undefined) return onItsProject(auth, { ...known, store });
  const project = await findProject(auth, known.user, store);
  if (project !== undefined) {
    const roles = await tokens.rolesOn(known.user.id, project.id);
    if (roles.length === 0) {
      if (auth.scope === undefined) return { ...known, project: undefined };
      throw unauthenticated(`User '${known.user.name}' has no role on project '${project.name}'.`);
    }
  }
  return { ...known, project };
}

async function identify({ identity }: Auth, by: SignIn): Promise<Omit<NewSession, 'project'>> {
  const [method, ...others] = identity.methods;
  if (others.length > 0 || !isOffered(method)) {
    throw new ComputeError(
      'notImplemented',
      `auth.identity.methods: ${identity.methods.join(', ')} is not offered by the embedded identity service; use password, token or application_credential.`,
    );
  }
  const unnamed = Object.keys(identity).find((key) => key !== 'methods' && key !== method);
  if (unnamed !== undefined) {
    throw new ComputeError(
      'invalid',
      `auth.identity.${unnamed}: given, but auth.identity.methods names ${method} only`,
    );
  }
  if (method === 'token') return continueToken(identity.token?.id, by);
  if (method === 'application_credential') {
    return continueCredential(identity.application_credential, by);
  }
  const user = await checkPassword(identity.password?.user, by);
  return { user, methods: ['password'] };
}

const isOffered = (method: string | undefined) =>
  method === 'password' || method === 'token' || method === 'application_credential';

async function continueCredential(
  given: (GivenCredential & { user?: Named }) | undefined,
  { store, gate, clock, source }: SignIn,
): Promise<Omit<NewSession, 'project'>> {
  const field = 'auth.identity.application_credential';
  if (given === undefined) throw missing(field, 'methods names application_credential');
  const namedUser = () => findUser(given.user ?? {}, { field: `${field}.user`, store });
  const known = await checkCredential(given, {
    store,
    clock,
    source,
    admit: (attempt, check) => gate.admit(attempt, check),
    namedUser,
  });
  return { ...known, methods: ['application_credential'] };
}

/** The session of an application credential: it has a project, and takes no other. */
async function onItsProject(
  { scope }: Auth,
  { store, ...known }: Omit<NewSession, 'project'> & { store: IdentityStore },
): Promise<NewSession> {
  if (scope !== undefined) {
    throw unauthenticated('Application credentials cannot request a scope.');
  }
  const project = await store.project(known.credential?.projectId ?? '');
  if (project?.enabled === true) return { ...known, project };
  throw unauthenticated('The project of the application credential is disabled.');
}

async function continueToken(
  text: string | undefined,
  { store, tokens }: Pick<SignIn, 'store' | 'tokens'>,
): Promise<Omit<NewSession, 'project'>> {
  if (text === undefined) throw missing('auth.identity.token.id', 'methods names token');
  const session = await tokens.find(text);
  const user = session && (await store.user(session.token.userId));
  if (session === undefined || user === undefined) {
    throw unauthenticated('The token is unknown, expired or revoked.');
  }
  if (session.credential !== undefined) {
    throw new ComputeError(
      'forbidden',
      'auth.identity.token: a token of an application credential cannot be exchanged for another',
    );
  }
  const methods = [...new Set(['token', ...session.token.methods])];
  return { user, methods, expiresAt: session.token.expiresAt };
}

async function checkPassword(
  given: (Named & { password: string }) | undefined,
  { store, gate, source }: SignIn,
): Promise<StoredUser> {
  if (given === undefined) throw missing('auth.identity.password.user', 'methods names password');
  const user = await findUser(given, { field: 'auth.identity.password.user', store });
  const named = user?.name ?? given.name ?? given.id ?? '';
  const isRight = await gate.admit({ user: named, source }, async () => {
    const isHis = await isPassword(given.password, user?.passwordHash || dummyHash);
    return isHis && user?.enabled === true;
  });
  if (user === undefined || !isRight) {
    throw unauthenticated('The user name or the password is wrong.');
  }
  return user;
}

async function findUser(
  given: Named,
  { field, store }: { field: string; store: IdentityStore },
): Promise<StoredUser | undefined> {
  return find(given, field, {
    byId: (id) => store.user(id),
    byName: (name) => store.userNamed(name, defaultDomain.id),
  });
}

async function findProject(
  { scope }: Auth,
  user: StoredUser,
  store: IdentityStore,
): Promise<StoredProject | undefined> {
  if (scope === 'unscoped') return undefined;
  if (scope === undefined) {
    if (user.defaultProjectId === null) return undefined;
    const standard = await store.project(user.defaultProjectId);
    return standard?.enabled === true ? standard : undefined;
  }
  const others = Object.keys(scope).filter((key) => key !== 'project');
  if (scope.project === undefined || others.length > 0) {
    throw new ComputeError(
      'notImplemented',
      `auth.scope: '${others.join(', ')}' is not offered by the embedded identity service; scope the token to a project.`,
    );
  }
  const project = await find(scope.project, 'auth.scope.project', {
    byId: (id) => store.project(id),
    byName: (name) => store.projectNamed(name, defaultDomain.id),
  });
  if (project?.enabled === true) return project;
  const name = scope.project.id ?? scope.project.name ?? '';
  throw unauthenticated(`There is no project '${name}' that you have a role on.`);
}

async function find<T>(
  { id, name, domain }: Named,
  field: string,
  by: {
    byId: (id: string) => Promise<T | undefined>;
    byName: (name: string) => Promise<T | undefined>;
  },
): Promise<T | undefined> {
  if (id !== undefined) return by.byId(id);
  if (name === undefined) throw missing(`${field}.id or ${field}.name`, 'one of them is needed');
  if (domain === undefined) throw missing(`${field}.domain`, 'a name is unique only in its domain');
  return isDefaultDomain(domain) ? by.byName(name) : undefined;
}

function missing(field: string, rule: string): ComputeError {
  return new ComputeError('invalid', `${field}: missing: ${rule}`);
}

function unauthenticated(message: string): ComputeError {
  return new ComputeError('unauthenticated', message);
}
