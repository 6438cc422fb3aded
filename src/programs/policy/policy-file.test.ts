import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parsePolicy } from './policy-file.ts';

const reader = { roles: ['reader'], projectId: 'p', userId: 'u', domainId: 'd' };

test('a file overrides the rules that it names, in YAML or JSON, as texts or lists', () => {
  const yaml = `
# operators see hypervisors
"os_compute_api:os-hypervisors:list": role:reader
os_compute_api:os-services:list: [["role:reader"]]
os_compute_api:servers:create: "!"
`;
  const json = JSON.stringify({
    'os_compute_api:os-hypervisors:list': 'role:reader',
    'os_compute_api:os-services:list': [['role:reader']],
    'os_compute_api:servers:create': '!',
  });
  for (const text of [yaml, json]) {
    const { policy, checks } = parsePolicy(text, 'policy.yaml');
    expect(checks.size).toBe(3);
    expect(policy.allows('os_compute_api:os-hypervisors:list', reader, {})).toBe(true);
    expect(policy.allows('os_compute_api:os-services:list', reader, {})).toBe(true);
    expect(policy.mayAllow('os_compute_api:servers:create', { ...reader, roles: ['admin'] })).toBe(
      false,
    );
    expect(policy.mayAllow('os_compute_api:servers:index', reader)).toBe(true);
  }
});

test.each(['', '# nothing', '{}'])('%j overrides nothing', (text) => {
  expect(parsePolicy(text, 'policy.yaml').checks.size).toBe(0);
});

test.each([
  ['- a', 'policy.yaml: must be rules with checks, such as "rule": "check"'],
  ['admin_api: role:a: b', 'policy.yaml:1:'],
  ['admin_api: role:a\nadmin_api: role:b', 'policy.yaml:2:1: Map keys must be unique'],
  [
    '\nadmin_api: "role:a and"',
    'policy.yaml:2 admin_api: column 11 of the check: expected a check such as role:member, found the end',
  ],
  ['admin_api:', 'policy.yaml:1 admin_api: must be a check in quotes'],
  ['admin_api: true', 'policy.yaml:1 admin_api: must be a check in quotes'],
  ['admin_api: [1]', 'policy.yaml:1 admin_api: must be a check in quotes'],
  ['admin_api: {a: b}', 'policy.yaml:1 admin_api: must be a check in quotes'],
  [
    'admin_apy: role:a',
    'is not a rule of the compute API, and no rule here refers to it; did you mean admin_api?',
  ],
  ['__proto__: role:a', 'is not a rule of the compute API'],
  ['constructor: role:a', 'is not a rule of the compute API'],
])('%j is refused: %s', (text, problem) => {
  expect(() => parsePolicy(text, 'policy.yaml')).toThrow(problem);
});

test('the example of docs/policy.md is valid', () => {
  const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const { policy, checks } = parsePolicy(example, 'docs/policy.md');
  expect(checks.size).toBe(5);
  const auditor = { ...reader, roles: ['auditor'] };
  expect(policy.allows('os_compute_api:os-hypervisors:list', auditor, {})).toBe(true);
  const member = { ...reader, roles: ['member'] };
  const server = (userId: string) => ({ project_id: 'p', user_id: userId });
  const deletes = (userId: string) =>
    policy.allows('os_compute_api:servers:delete', member, server(userId));
  expect([deletes('u'), deletes('another')]).toEqual([true, false]);
});

test('a changed rule without effect is accepted, and reported with the reason', () => {
  expect(parsePolicy('compute:servers:resize:cross_cell: "!"', 'x').unused).toEqual([]);
  const { unused } = parsePolicy('compute:servers:resize:cross_cell: "@"', 'policy.yaml');
  expect(unused).toEqual([
    { name: 'compute:servers:resize:cross_cell', why: 'there are no cells' },
  ]);
});
