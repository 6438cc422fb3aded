/** Whose clock decides when a token has expired, and what ends a cached answer. */
import { expect, test } from 'vitest';
import { createKeystoneIdentity } from './keystone.ts';
import type { Session } from './http/session.ts';

test('what Keystone answers now counts for all waiting callers, even if our clock is ahead', async () => {
  let calls = 0;
  const token = {
    expires_at: '2026-01-01T00:00:00Z',
    user: { id: 'u', name: 'u', domain: { id: 'd' } },
  };
  const session: Pick<Session, 'call'> = {
    async call() {
      calls += 1;
      return { status: 200, body: { token } } as Awaited<ReturnType<Session['call']>>;
    },
  };
  const unused = () => Promise.reject(new Error('not called here'));
  const identity = createKeystoneIdentity({
    session: session as Session,
    users: { signIn: unused, signOut: unused },
    clock: { now: () => Date.parse('2026-01-01T00:00:01Z') },
    cacheMs: 30_000,
  });
  const request = await Promise.all([identity.validate('t'), identity.validate('t')]);
  expect(request).toMatchObject([{ userId: 'u' }, { userId: 'u' }]);
  expect(calls).toBe(1);
  // Its cached answer is judged by our clock.
  await expect(identity.validate('t')).rejects.toMatchObject({ kind: 'unauthenticated' });
});

test('a token that was signed out is unknown at once, also one that was validated meanwhile', async () => {
  const token = {
    expires_at: '2026-01-01T00:00:00Z',
    user: { id: 'u', name: 'u', domain: { id: 'd' } },
  };
  let isRevoked = false;
  const session: Pick<Session, 'call'> = {
    async call() {
      const answer = isRevoked ? { status: 404, body: {} } : { status: 200, body: { token } };
      return answer as Awaited<ReturnType<Session['call']>>;
    },
  };
  let validateMeanwhile: () => Promise<unknown> = async () => undefined;
  const identity = createKeystoneIdentity({
    session: session as Session,
    users: {
      signIn: () => Promise.reject(new Error('not called here')),
      async signOut() {
        await validateMeanwhile();
        isRevoked = true;
      },
    },
    clock: { now: () => 0 },
    cacheMs: 60_000,
  });
  await identity.validate('t');
  validateMeanwhile = () => identity.validate('t');
  await identity.signOut('t');
  await expect(identity.validate('t')).rejects.toMatchObject({ kind: 'unauthenticated' });
});
