/** What the cache of sessions must not keep. */
import { expect, test } from 'vitest';
import type { IdentityStore, StoredToken } from '#contracts/store/identity-store.ts';
import { createTokens } from './tokens.ts';

test('a token that is revoked while it is read is refused from then on', async () => {
  const stored = new Map<string, StoredToken>();
  const held = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const user = { id: 'u', name: 'demo', domainId: 'default', enabled: true, passwordHash: '' };
  const account = {
    ...user,
    givenHash: null,
    defaultProjectId: null,
    description: null,
    email: null,
  };
  const store: Partial<IdentityStore> = {
    addToken: async (token) => void stored.set(token.digest, token),
    token: async (digest) => stored.get(digest),
    removeToken: async (digest) => void stored.delete(digest),
    user: async () => {
      reading.resolve();
      await held.promise;
      return account;
    },
  };
  const tokens = createTokens({
    store: store as IdentityStore,
    clock: { now: () => 1_000 },
    lifetimeMs: 60_000,
    cacheMs: 10_000,
  });
  const { text } = await tokens.issue({
    user: account,
    project: undefined,
    methods: ['password'],
  });
  const first = tokens.find(text);
  await reading.promise;
  await tokens.revoke(text);
  held.resolve();
  expect((await first)?.user.name).toBe('demo');
  expect(await tokens.find(text)).toBeUndefined();
});
