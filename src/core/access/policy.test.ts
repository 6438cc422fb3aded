import { expect, test } from 'vitest';
import { type Actor, allows, maySee, type Rule } from './policy.ts';

const actor = (roles: string[], projectId = 'p1'): Actor => ({
  roles,
  isAdmin: roles.includes('admin'),
  projectId,
});

const rules: { name: string; roles: string[]; may: Rule[]; mayNot: Rule[] }[] = [
  { name: 'no role may nothing', roles: [], may: [], mayNot: ['reader', 'member', 'admin'] },
  { name: 'a reader only reads', roles: ['reader'], may: ['reader'], mayNot: ['member', 'admin'] },
  { name: 'a member reads too', roles: ['member'], may: ['reader', 'member'], mayNot: ['admin'] },
  { name: 'a manager is a member', roles: ['manager'], may: ['member'], mayNot: ['admin'] },
  { name: 'an unknown role counts for nothing', roles: ['x'], may: [], mayNot: ['reader'] },
  { name: 'a service is no member', roles: ['service'], may: ['service'], mayNot: ['member'] },
  {
    name: 'an administrator may all',
    roles: ['admin'],
    may: ['reader', 'member', 'admin', 'service'],
    mayNot: [],
  },
];

for (const { name, roles, may, mayNot } of rules) {
  test(`policy: ${name}`, () => {
    const asked = [...may, ...mayNot];
    expect(asked.filter((rule) => allows(rule, actor(roles)))).toEqual(may);
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
