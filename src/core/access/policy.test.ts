import { expect, test } from 'vitest';
import { type Actor, allows, maySee, type Rule } from './policy.ts';

const actor = (roles: string[], projectId = 'p1'): Actor => ({
  roles,
  isAdmin: roles.includes('admin'),
  projectId,
});

const rules: { name: string; roles: string[]; may: Rule[]; mayNot: Rule[] }[] = [
  { name: 'no role allows nothing', roles: [], may: [], mayNot: ['reader', 'member', 'admin'] },
  {
    name: 'a reader can only read',
    roles: ['reader'],
    may: ['reader'],
    mayNot: ['member', 'admin'],
  },
  {
    name: 'a member, whose token lists the implied role, can read and write',
    roles: ['member', 'reader'],
    may: ['reader', 'member'],
    mayNot: ['admin'],
  },
  {
    name: 'a role that implies nothing allows nothing else',
    roles: ['manager'],
    may: [],
    mayNot: ['reader', 'member', 'admin'],
  },
  { name: 'an unknown role allows nothing', roles: ['x'], may: [], mayNot: ['reader'] },
  {
    name: 'the service role does not include member',
    roles: ['service'],
    may: ['service'],
    mayNot: ['member'],
  },
  {
    name: 'an administrator can do everything',
    roles: ['admin'],
    may: ['reader', 'member', 'admin', 'service'],
    mayNot: [],
  },
];

for (const { name, roles, may, mayNot } of rules) {
  test(`policy: ${name}`, () => {
    const named = [...may, ...mayNot];
    expect(named.filter((rule) => allows(rule, actor(roles)))).toEqual(may);
  });
}

const views: { name: string; given: Actor; gives: boolean }[] = [
  { name: 'its own project', given: actor(['reader']), gives: true },
  { name: 'not another project', given: actor(['member'], 'p2'), gives: false },
  { name: 'an administrator: every project', given: actor(['admin'], 'p2'), gives: true },
  { name: 'an unscoped caller: nothing', given: actor(['member'], ''), gives: false },
];

for (const { name, given, gives } of views) {
  test(`policy: a caller sees ${name}`, () => expect(maySee(given, 'p1')).toBe(gives));
}
