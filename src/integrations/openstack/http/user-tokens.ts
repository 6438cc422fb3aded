/** Tokens of users who sign in to the page: obtained from Keystone, and revoked there. */
import type { IdentityService } from '#contracts/services/identity.ts';
import { signInBody } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';
import type { ServiceCaller } from './service-caller.ts';

export type UserTokens = Pick<IdentityService, 'signIn' | 'signOut'>;

/**
 * `keystone`: with its version. Source: Keystone API v3, "Password authentication with scoped
 * authorization", "Revoke token".
 */
export function userTokens(caller: ServiceCaller, keystone: string): UserTokens {
  const call = { service: 'identity', base: keystone, path: '/auth/tokens' } as const;
  const refusal = (status: number) =>
    new ComputeError('unavailable', `identity service at ${keystone} answers ${status}`);
  return {
    async signIn(login) {
      const answer = await caller.call({ ...call, method: 'POST', body: signInBody(login) });
      const token = answer.header('x-subject-token');
      if (answer.status === 401) throw new ComputeError('unauthenticated', wrong);
      if (answer.status === 429) {
        throw new ComputeError('tooManyRequests', 'Too many sign-ins; try again later.');
      }
      if (answer.status !== 201 || token === undefined) throw refusal(answer.status);
      const { expires_at: end } = (answer.body as { token: { expires_at: string } }).token;
      return { token, expiresAt: Date.parse(end) };
    },
    async signOut(token) {
      const headers = { 'x-auth-token': token, 'x-subject-token': token };
      const { status } = await caller.call({ ...call, method: 'DELETE', headers });
      if (![204, 401, 404].includes(status)) throw refusal(status);
    },
  };
}

const wrong = 'User, password or project is wrong, or the user has no role on the project.';
