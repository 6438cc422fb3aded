/** The suite that every identity service must pass for the compute side. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PasswordLogin } from '#core/access/login.ts';
import type { IdentityService } from './identity.ts';

/** A user `demo` with the role member on a project `demo`, and an admin. */
export interface IdentityUnderTest {
  identity: IdentityService;
  signIn(who: 'admin' | 'demo'): Promise<string>;
  /** Their credentials. */
  login(who: 'admin' | 'demo'): PasswordLogin;
  revoke(token: string): Promise<void>;
  /** Invalidates every cached answer. */
  outliveCaches(): Promise<void>;
  /** A token of demo's that expires soon, and the wait until it has. */
  signInBriefly(): Promise<{ token: string; outlive: () => Promise<void> }>;
  stop(): Promise<void>;
}

export function describeIdentityService(
  name: string,
  make: () => Promise<IdentityUnderTest>,
): void {
  describe(`identity service contract: ${name}`, () => {
    let world: IdentityUnderTest;
    beforeAll(async () => {
      world = await make();
    });
    afterAll(() => world.stop());

    test('a token has its user, project and roles, also implied ones, and is forwarded', async () => {
      const token = await world.signIn('demo');
      const caller = await world.identity.validate(token);
      expect(caller).toMatchObject({
        userId: expect.stringMatching(/^[0-9a-f-]{32,36}$/),
        userName: 'demo',
        projectId: expect.stringMatching(/^[0-9a-f-]{32,36}$/),
        projectName: 'demo',
        domainId: 'default',
        isAdmin: false,
        token,
      });
      expect(caller.roles).toEqual(expect.arrayContaining(['member', 'reader']));
      expect(await world.identity.validate(token)).toEqual(caller);
    });

    test('a user with the role admin is an administrator', async () => {
      const caller = await world.identity.validate(await world.signIn('admin'));
      expect(caller.isAdmin).toBe(true);
      expect(caller.roles).toContain('admin');
    });

    test('a project exists or does not', async () => {
      const caller = await world.identity.validate(await world.signIn('admin'));
      expect(await world.identity.hasProject(caller.projectId, caller)).toBe(true);
      expect(await world.identity.hasProject('0'.repeat(32), caller)).toBe(false);
      expect(await world.identity.hasProject('a b/c', caller)).toBe(false);
    });

    test.each(['', 'nobody', 'two\nlines', 'é', 'x'.repeat(4_000)])(
      'a text that is not a token is refused: %j',
      async (text) => {
        await expect(world.identity.validate(text)).rejects.toMatchObject({
          kind: 'unauthenticated',
        });
      },
    );

    test('a user signs in by password, and out again', async () => {
      const { token, expiresAt } = await world.identity.signIn(world.login('demo'), '192.0.2.1');
      expect(expiresAt).toBeGreaterThan(0);
      expect(await world.identity.validate(token)).toMatchObject({ userName: 'demo', token });
      await world.identity.signOut(token);
      await world.outliveCaches();
      await expect(world.identity.validate(token)).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
      await world.identity.signOut(token);
    });

    test.each([{ password: 'wrong' }, { username: 'nobody' }, { projectName: 'none' }])(
      'wrong credentials are refused: %j',
      async (change) => {
        const login = { ...world.login('demo'), ...change };
        await expect(world.identity.signIn(login, '192.0.2.1')).rejects.toMatchObject({
          kind: 'unauthenticated',
        });
      },
    );

    test('a revoked token is refused', async () => {
      const token = await world.signIn('demo');
      await world.identity.validate(token);
      await world.revoke(token);
      await world.outliveCaches();
      await expect(world.identity.validate(token)).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
    });

    test('an expired token is refused, though it was accepted a moment before', async () => {
      const { token, outlive } = await world.signInBriefly();
      await world.identity.validate(token);
      await outlive();
      await expect(world.identity.validate(token)).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
    });
  });
}
