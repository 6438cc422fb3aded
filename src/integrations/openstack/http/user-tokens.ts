/** Tokens of users who sign in to the page: obtained from Keystone, and revoked there. */
import type { IdentityService, SignedIn } from '#contracts/services/identity.ts';
import { type Login, signInBody } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';
import type { Attempt, SignInGate } from '#runtime/sign-in/sign-in-gate.ts';
import type { ServiceCaller } from './service-caller.ts';

export type UserTokens = Pick<IdentityService, 'signIn' | 'signOut'>;

/**
 * `keystone`: with its version. `gate`: Keystone may limit no sign-ins, and gets all of them from
 * one address. Source: Keystone API v3, "Password authentication with scoped authorization",
 * "Revoke token".
 */
export function userTokens({
  caller,
  keystone,
  gate,
}: {
  caller: Pick<ServiceCaller, 'call'>;
  keystone: string;
  gate: SignInGate;
}): UserTokens {
  const call = { service: 'identity', base: keystone, path: '/auth/tokens' } as const;
  const refusal = (status: number) =>
    new ComputeError('unavailable', `identity service at ${keystone} answers ${status}`);
  /** undefined: what was given is wrong. */
  const tokenOf = async (login: Login): Promise<SignedIn | undefined> => {
    const answer = await caller.call({ ...call, method: 'POST', body: signInBody(login) });
    const token = answer.header('x-subject-token');
    if (answer.status === 401) return undefined;
    if (answer.status === 429) {
      throw new ComputeError('tooManyRequests', 'Too many sign-ins; try again later.');
    }
    if (answer.status !== 201 || token === undefined) throw refusal(answer.status);
    const { expires_at: end } = (answer.body as { token: { expires_at: string } }).token;
    return { token, expiresAt: Date.parse(end) };
  };
  return {
    async signIn(login, source) {
      const result: { signedIn?: SignedIn | undefined } = {};
      await gate.admit(attemptOf(login, source), async () => {
        result.signedIn = await tokenOf(login);
        return result.signedIn !== undefined;
      });
      if (result.signedIn === undefined) throw new ComputeError('unauthenticated', wrong);
      return result.signedIn;
    },
    async signOut(token) {
      const headers = { 'x-auth-token': token, 'x-subject-token': token };
      const { status } = await caller.call({ ...call, method: 'DELETE', headers });
      if (![204, 401, 404].includes(status)) throw refusal(status);
    },
  };
}

/** A name is unique in its domain. */
function attemptOf(login: Login, source: string): Attempt {
  if ('applicationCredentialId' in login) return { user: login.applicationCredentialId, source };
  return { user: JSON.stringify([login.userDomainName, login.username]), source };
}

const wrong = 'User, password or project is wrong, or the user has no role on the project.';
