import { expect, test } from 'vitest';
import { planServiceUser } from './service-user.ts';

const wanted = { user: 'nova', project: 'service', replace: false };
const nothing = {
  domainId: 'd',
  projectId: undefined,
  userId: undefined,
  roleIds: { admin: 'a' },
  granted: [],
  isPassword: undefined,
};

test('in a Keystone without the role service, the role is created before it is granted', () => {
  expect(planServiceUser(nothing, wanted).map(({ act, what }) => `${act} ${what}`)).toEqual([
    'add project',
    'add role',
    'add user',
    'add grant',
    'add grant',
  ]);
});

test('a Keystone without a role admin is refused: the name of its administrator role is unknown', () => {
  expect(() => planServiceUser({ ...nothing, roleIds: {} }, wanted)).toThrow('no role admin');
});
