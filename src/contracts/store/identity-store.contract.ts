/** What every identity store must do. */
import { expect, test } from 'vitest';
import type { IdentityStore, StoredToken } from './identity-store.ts';

const project = { id: 'p1', name: 'demo', domainId: 'default', description: 'd', enabled: true };
const user = {
  id: 'u1',
  name: 'ann',
  domainId: 'default',
  passwordHash: 'h',
  enabled: true,
  defaultProjectId: null,
};

export function identityStoreContract(open: () => Promise<IdentityStore>): void {
  const filled = async () => {
    const store = await open();
    await store.addProject(project);
    await store.addUser(user);
    await store.addRole({ id: 'r1', name: 'member' });
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
      "project 'demo' exists already in its domain",
    );
    await expect(store.addUser({ ...user, id: 'u2' })).rejects.toThrow(
      "user 'ann' exists already in its domain",
    );
    await expect(store.addRole({ id: 'r2', name: 'member' })).rejects.toThrow(
      "role 'member' exists already",
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
    });
    await store.addToken(token('old', 10), 0);
    await store.addToken(token('new', 50), 0);
    expect(await store.token('old')).toEqual(token('old', 10));
    await store.addToken(token('newest', 60), 20);
    expect(await store.token('old')).toBeUndefined();
    await store.setPasswordHash('nobody', 'hash');
    expect(await store.token('new')).toEqual(token('new', 50));
    await store.removeToken('new');
    expect(await store.token('new')).toBeUndefined();
    expect(await store.token('newest')).toEqual(token('newest', 60));
    await store.setPasswordHash('u1', 'hash');
    expect(await store.token('newest')).toBeUndefined();
  });
}
