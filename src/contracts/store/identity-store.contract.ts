/** What every identity store must do. */
import { expect, test } from 'vitest';
import type { IdentityStore, StoredToken } from './identity-store.ts';

const project = { id: 'p1', name: 'demo', domainId: 'default', description: 'd', enabled: true };
const user = {
  id: 'u1',
  name: 'ann',
  domainId: 'default',
  passwordHash: 'h',
  givenHash: null,
  enabled: true,
  defaultProjectId: null,
  description: null,
  email: null,
};

export function identityStoreContract(open: () => Promise<IdentityStore>): void {
  const filled = async () => {
    const store = await open();
    await store.addProject(project);
    await store.addUser(user);
    await store.addRole({ id: 'r1', name: 'member', description: null });
    return store;
  };

  test('finds projects and users by id and by name within their domain', async () => {
    const store = await filled();
    expect(await store.project('p1')).toEqual(project);
    expect(await store.projectNamed('demo', 'default')).toEqual(project);
    expect(await store.projectNamed('demo', 'other')).toBeUndefined();
    expect(await store.user('u1')).toEqual(user);
    expect(await store.userNamed('ann', 'default')).toEqual(user);
    expect(await store.user('u2')).toBeUndefined();
  });

  test('refuses a second project, user or role of one name', async () => {
    const store = await filled();
    await expect(store.addProject({ ...project, id: 'p2' })).rejects.toThrow(
      'Conflict occurred attempting to store project - Duplicate entry found with name demo at domain ID default.',
    );
    await expect(store.addUser({ ...user, id: 'u2' })).rejects.toThrow(
      'Conflict occurred attempting to store user - Duplicate entry found with name ann at domain ID default.',
    );
    await expect(store.addRole({ id: 'r2', name: 'member', description: null })).rejects.toThrow(
      'Conflict occurred attempting to store role - Duplicate entry found with name member.',
    );
  });

  test('grants a role once, however often it is requested', async () => {
    const store = await filled();
    const assignment = { userId: 'u1', projectId: 'p1', roleId: 'r1' };
    await store.grant(assignment);
    await store.grant(assignment);
    expect(await store.assignments({ userId: 'u1' })).toEqual([assignment]);
    expect(await store.assignments({ projectId: 'p2' })).toEqual([]);
  });

  test('keeps tokens until they are removed or long expired', async () => {
    const store = await filled();
    const token = (digest: string, expiresAt: number): StoredToken => ({
      digest,
      userId: 'u1',
      projectId: null,
      methods: ['password'],
      auditId: 'a',
      issuedAt: 0,
      expiresAt,
      applicationCredentialId: null,
    });
    await store.addToken(token('old', 10), 0);
    await store.addToken(token('new', 50), 0);
    expect(await store.token('old')).toEqual(token('old', 10));
    await store.addToken(token('newest', 60), 20);
    expect(await store.token('old')).toBeUndefined();
    await store.changeUser('nobody', { passwordHash: 'hash' });
    expect(await store.token('new')).toEqual(token('new', 50));
    await store.removeToken('new');
    expect(await store.token('new')).toBeUndefined();
    expect(await store.token('newest')).toEqual(token('newest', 60));
    await store.changeUser('u1', { passwordHash: 'hash' });
    expect(await store.token('newest')).toBeUndefined();
  });

  /** u1 is the only administrator, on p1. */
  const administered = async () => {
    const store = await filled();
    await store.addRole({ id: 'ra', name: 'admin', description: null });
    await store.addUser({ ...user, id: 'u2', name: 'bob' });
    await store.grant({ userId: 'u1', projectId: 'p1', roleId: 'ra' });
    await store.grant({ userId: 'u2', projectId: 'p1', roleId: 'r1' });
    return store;
  };
  const grant = { userId: 'u1', projectId: 'p1', roleId: 'ra' };
  const losses: [string, (store: IdentityStore) => Promise<unknown>][] = [
    ['the removal of the user', (store) => store.removeUser('u1')],
    ['disabling the user', (store) => store.changeUser('u1', { enabled: false })],
    ['taking the password', (store) => store.changeUser('u1', { passwordHash: '' })],
    ['the removal of the project', (store) => store.removeProject('p1')],
    ['disabling the project', (store) => store.changeProject('p1', { enabled: false })],
    ['the end of the grant', (store) => store.revoke(grant)],
    ['the removal of the role', (store) => store.removeRole('ra')],
  ];
  for (const [loss, lose] of losses) {
    test(`keeps the last administrator from ${loss}`, async () => {
      const store = await administered();
      await expect(lose(store)).rejects.toThrow('without an administrator');
      expect(await store.assignments({ userId: 'u1' })).toEqual([grant]);
      expect(await store.user('u1')).toEqual(user);
      expect(await store.project('p1')).toEqual(project);
      await store.grant({ ...grant, userId: 'u2' });
      await store.addProject({ ...project, id: 'p2', name: 'other' });
      await store.grant({ ...grant, userId: 'u2', projectId: 'p2' });
      if (loss !== 'the removal of the role') await lose(store);
    });
  }

  test('a removed user and project take tokens, grants and credentials along', async () => {
    const token = (digest: string, more: Partial<StoredToken>): StoredToken => ({
      digest,
      userId: 'u2',
      projectId: 'p1',
      methods: ['password'],
      auditId: 'a',
      issuedAt: 0,
      expiresAt: 10,
      applicationCredentialId: null,
      ...more,
    });
    const store = await administered();
    await store.addProject({ ...project, id: 'p2', name: 'other' });
    await store.grant({ userId: 'u2', projectId: 'p2', roleId: 'r1' });
    const credential = {
      id: 'c1',
      name: 'ci',
      description: null,
      userId: 'u2',
      projectId: 'p1',
      secretHash: 's',
      roleIds: ['r1'],
      expiresAt: null,
      unrestricted: false,
    };
    await store.addApplicationCredential(credential);
    await store.addApplicationCredential({ ...credential, id: 'c2', name: 'cd', projectId: 'p2' });
    await expect(store.addApplicationCredential({ ...credential, id: 'c3' })).rejects.toThrow(
      'Duplicate entry found with name ci.',
    );
    expect(await store.applicationCredential('c1')).toEqual(credential);
    expect((await store.applicationCredentials('u2')).map(({ id }) => id)).toEqual(['c2', 'c1']);
    await store.addToken(token('t1', { applicationCredentialId: 'c1' }), 0);
    await store.addToken(token('t2', { projectId: 'p2' }), 0);
    expect(await store.revoke({ userId: 'u2', projectId: 'p1', roleId: 'r1' })).toBe(true);
    expect(await store.revoke({ userId: 'u2', projectId: 'p1', roleId: 'r1' })).toBe(false);
    expect(await store.token('t1')).toBeUndefined();
    expect((await store.applicationCredentials('u2')).map(({ id }) => id)).toEqual(['c2']);
    await store.removeProject('p2');
    expect(await store.token('t2')).toBeUndefined();
    expect(await store.applicationCredentials('u2')).toEqual([]);
    await store.addToken(token('t3', {}), 0);
    await store.removeUser('u2');
    expect([await store.user('u2'), await store.token('t3')]).toEqual([undefined, undefined]);
    await store.addUser({ ...user, id: 'u3', name: 'bob' });
    await store.changeRole('r1', { name: 'worker' });
    expect((await store.roles()).map(({ name }) => name)).toEqual(['admin', 'worker']);
  });
}
