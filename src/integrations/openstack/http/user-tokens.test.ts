/** How many sign-ins of the page reach Keystone. */
import { expect, test } from 'vitest';
import { signInGate } from '#runtime/sign-in/sign-in-gate.ts';
import { userTokens } from './user-tokens.ts';

const login = {
  username: 'demo',
  password: 'guess',
  projectName: 'demo',
  userDomainName: 'Default',
  projectDomainName: 'Default',
};

function scripted() {
  const keystone = { calls: 0, status: 401 };
  const call = async () => {
    keystone.calls += 1;
    const { status } = keystone;
    const body = { token: { expires_at: '2026-01-01T00:00:00Z' } };
    return { status, body, header: () => (status === 201 ? 'token' : undefined) };
  };
  const tokens = userTokens({
    caller: { call },
    keystone: 'http://keystone/v3',
    gate: signInGate({ now: () => 0 }),
  });
  return { keystone, tokens };
}

test('after ten wrong passwords of a user from an address Keystone gets no more of them', async () => {
  const { keystone, tokens } = scripted();
  for (let at = 0; at < 10; at += 1) {
    await expect(tokens.signIn(login, '192.0.2.1')).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
  }
  keystone.status = 201;
  await expect(tokens.signIn(login, '192.0.2.1')).rejects.toMatchObject({
    kind: 'tooManyRequests',
    retryAfterSeconds: 5,
  });
  expect(keystone.calls).toBe(10);
  const elsewhere = await tokens.signIn(login, '192.0.2.2');
  expect(elsewhere).toEqual({ token: 'token', expiresAt: Date.parse('2026-01-01T00:00:00Z') });
  const other = { applicationCredentialId: 'c', applicationCredentialSecret: 's' };
  expect(await tokens.signIn(other, '192.0.2.1')).toMatchObject({ token: 'token' });
});

test('a Keystone that does not answer counts as no wrong password', async () => {
  const { keystone, tokens } = scripted();
  keystone.status = 503;
  for (let at = 0; at < 20; at += 1) {
    await expect(tokens.signIn(login, '192.0.2.1')).rejects.toMatchObject({ kind: 'unavailable' });
  }
});
