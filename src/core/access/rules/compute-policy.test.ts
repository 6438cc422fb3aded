import { expect, test } from 'vitest';
import { policyWith } from '#test/policy/policy-with.ts';
import { computePolicy, ruleNames, type Subject, type Target } from './compute-policy.ts';
import type { RuleName } from './standard-rules.ts';

const subject = (...roles: string[]): Subject => ({
  roles,
  projectId: 'p1',
  userId: 'u1',
  domainId: 'd1',
});
const own: Target = { project_id: 'p1', user_id: 'u1' };
const foreign: Target = { project_id: 'p2', user_id: 'u2' };

const roles = ['reader', 'member', 'manager', 'admin', 'service', 'x'];
const defaults: [rule: RuleName, ownProject: string[], otherProject: string[]][] = [
  ['os_compute_api:servers:show', ['reader', 'member', 'manager', 'admin'], ['admin']],
  ['os_compute_api:servers:delete', ['member', 'manager', 'admin'], ['admin']],
  ['os_compute_api:os-migrate-server:migrate', ['manager', 'admin'], ['admin']],
  ['os_compute_api:os-migrate-server:migrate:host', ['admin'], ['admin']],
  ['os_compute_api:os-server-external-events:create', ['admin', 'service'], ['admin', 'service']],
  ['os_compute_api:os-keypairs:show', roles, ['admin']],
  ['os_compute_api:limits', roles, roles],
  ['compute:servers:resize:cross_cell', [], []],
];

/** The roles in a token, by the assigned one. */
const listed: Record<string, string[]> = {
  member: ['member', 'reader'],
  manager: ['manager', 'member', 'reader'],
  admin: ['admin', 'manager', 'member', 'reader'],
};

test.each(defaults)('%s: by default %j in the own project, %j elsewhere', (rule, here, there) => {
  const policy = computePolicy();
  const admitted = (target: Target) =>
    roles.filter((role) => policy.allows(rule, subject(...(listed[role] ?? [role])), target));
  expect(admitted(own)).toEqual(here);
  expect(admitted(foreign)).toEqual(there);
});

test.each<[check: string, roles: string[], target: Target, holds: boolean]>([
  ['', [], {}, true],
  ['role:Member', ['mEmber'], {}, true],
  ['role:member', ['admin', 'member'], {}, true],
  ['role:member', ['admin'], {}, false],
  ['role:member', ['service'], {}, false],
  ['project_id:%(project_id)s', [], own, true],
  ['project_id:%(project_id)s', [], foreign, false],
  ['project_id:%(project_id)s', [], {}, false],
  ['not project_id:%(project_id)s', [], {}, true],
  ["'p2':%(project_id)s", [], foreign, true],
  ['user_domain_id:d1', [], {}, true],
  ['system_scope:all', ['admin'], {}, false],
  ['is_admin:True', ['admin'], {}, true],
  ['is_admin:False', ['admin'], {}, false],
  ['rule:project_member_api or role:x', ['member'], foreign, false],
  ['not role:x and (role:y or role:z)', ['z'], {}, true],
])('%j of a caller with %j about %j: %j', (check, has, target, holds) => {
  const rule = 'os_compute_api:servers:show';
  expect(policyWith({ [rule]: check }).allows(rule, subject(...has), target)).toBe(holds);
});

test('a role grants no other: a Keystone may have a manager that implies nothing', () => {
  const may = (rule: RuleName, ...has: string[]) =>
    computePolicy().allows(rule, subject(...has), own);
  expect(may('os_compute_api:os-migrate-server:migrate', 'manager')).toBe(true);
  expect(may('os_compute_api:servers:show', 'manager')).toBe(false);
  expect(may('os_compute_api:servers:delete', 'manager', 'reader')).toBe(false);
});

test('an unscoped caller is in no project, not in that without an id', () => {
  const policy = policyWith({ 'os_compute_api:servers:show': 'project_id:%(project_id)s' });
  const unscoped = { ...subject(), projectId: '' };
  expect(policy.allows('os_compute_api:servers:show', unscoped, { project_id: '' })).toBe(false);
});

test.each<[check: string, roles: string[], may: boolean]>([
  ['project_id:%(project_id)s', [], true],
  ['not project_id:%(project_id)s', [], true],
  ['role:x and project_id:%(project_id)s', [], false],
  ['role:x and project_id:%(project_id)s', ['x'], true],
  ['role:x or project_id:%(project_id)s', [], true],
  ['!', ['admin'], false],
])('before the server was read, %j may hold for %j: %j', (check, has, may) => {
  const rule = 'os_compute_api:servers:show';
  expect(policyWith({ [rule]: check }).mayAllow(rule, subject(...has))).toBe(may);
});

test('what belongs to no project equals no project of a caller', () => {
  const rule = 'os_compute_api:os-aggregates:index';
  expect(policyWith({ [rule]: 'rule:project_reader_api' }).mayAllow(rule, subject('reader'))).toBe(
    false,
  );
});

test('rules follow an overridden base rule, and so does who is an administrator', () => {
  const policy = policyWith({ context_is_admin: 'role:boss', project_reader_api: '!' });
  expect(policy.isAdmin(subject('admin'))).toBe(false);
  expect(policy.isAdmin(subject('boss'))).toBe(true);
  expect(policy.allows('os_compute_api:servers:show', subject('reader'), own)).toBe(false);
  expect(policy.allows('os_compute_api:os-hypervisors:list', subject('boss'), {})).toBe(true);
});

test("an operator's own rule is known where another refers to it", () => {
  const rule = 'os_compute_api:os-hypervisors:list';
  const policy = policyWith({ auditors: 'role:audit', [rule]: 'rule:auditors or rule:admin_api' });
  expect(policy.allows(rule, subject('audit'), {})).toBe(true);
  expect(policy.allows(rule, subject('member'), {})).toBe(false);
});

test.each<[rules: Record<string, string>, problem: string]>([
  [
    { 'os_compute_api:servers:craete': 'role:a' },
    'os_compute_api:servers:craete: is not a rule of the compute API, and no rule here refers to it; did you mean os_compute_api:servers:create?',
  ],
  [{ zzz: 'role:a' }, 'zzz: is not a rule of the compute API, and no rule here refers to it'],
  [
    { admin_api: 'role:a or rule:admin_apu' },
    'admin_api: column 11 of the check: there is no rule admin_apu; did you mean admin_api?',
  ],
  [{ admin_api: 'rule:admin_api' }, 'refers to itself: admin_api → admin_api'],
  [
    { context_is_admin: 'rule:project_member_or_admin' },
    'context_is_admin: refers to itself: context_is_admin → project_member_or_admin → context_is_admin',
  ],
  [{ context_is_admin: 'is_admin:True' }, 'refers to itself: context_is_admin → context_is_admin'],
])('%j is refused: %s', (rules, problem) => {
  expect(() => policyWith(rules)).toThrow(problem);
});

test('there are more than 200 rules, each once', () => {
  expect(new Set(ruleNames).size).toBe(ruleNames.length);
  expect(ruleNames.length).toBeGreaterThan(200);
});
