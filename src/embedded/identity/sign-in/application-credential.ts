/**
 * Signing in with an application credential. Source: Identity API v3, "Authenticating with an
 * Application Credential".
 */
import { type Static, Type } from 'typebox';
import type {
  IdentityStore,
  StoredApplicationCredential,
  StoredUser,
} from '#contracts/store/identity-store.ts';
import type { Clock } from '#contracts/clock.ts';
import { ComputeError } from '#core/errors.ts';
import { dummyHash, isPassword } from './password.ts';
import type { Attempt } from '#runtime/sign-in/sign-in-gate.ts';

/** By id, or by name and its user. */
export const credentialFields = <User extends ReturnType<typeof Type.Object>>(user: User) =>
  Type.Object(
    {
      id: Type.Optional(Type.String({ maxLength: 64 })),
      name: Type.Optional(Type.String({ maxLength: 255 })),
      user: Type.Optional(user),
      secret: Type.String({ maxLength: 4096 }),
    },
    { additionalProperties: false },
  );

export type GivenCredential = Omit<Static<ReturnType<typeof credentialFields>>, 'user'>;

interface By {
  store: IdentityStore;
  clock: Clock;
  source: string;
  admit: (attempt: Attempt, check: () => Promise<boolean>) => Promise<boolean>;
  /** The user that the request names beside the credential's name. */
  namedUser: () => Promise<StoredUser | undefined>;
}

/**
 * The credential that the secret proves, and its user. Throws `unauthenticated` for a wrong or
 * expired one, and for a disabled user.
 */
export async function checkCredential(
  given: GivenCredential,
  by: By,
): Promise<{ user: StoredUser; credential: StoredApplicationCredential }> {
  const credential = await find(given, by);
  const user = credential && (await by.store.user(credential.userId));
  const attempt = { user: given.id ?? given.name ?? '', source: by.source };
  const isRight = await by.admit(attempt, () =>
    isPassword(given.secret, credential?.secretHash ?? dummyHash),
  );
  if (credential === undefined || user?.enabled !== true || !isRight) {
    throw unauthenticated('The application credential or its secret is wrong.');
  }
  if (credential.expiresAt !== null && credential.expiresAt <= by.clock.now()) {
    throw unauthenticated(`The application credential '${credential.name}' has expired.`);
  }
  return { user, credential };
}

async function find({ id, name }: GivenCredential, { store, namedUser }: By) {
  if (id !== undefined) return store.applicationCredential(id);
  if (name === undefined) {
    throw new ComputeError(
      'invalid',
      'auth.identity.application_credential.id or .name: missing: one of them is needed',
    );
  }
  const user = await namedUser();
  const all = user === undefined ? [] : await store.applicationCredentials(user.id);
  return all.find((credential) => credential.name === name);
}

function unauthenticated(message: string): ComputeError {
  return new ComputeError('unauthenticated', message);
}
