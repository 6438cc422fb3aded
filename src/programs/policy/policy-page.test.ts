import { expect, test } from 'vitest';
import { parsePolicy } from './policy-file.ts';
import { policyText, shownRules } from './policy-page.ts';

test('the printed defaults are a policy file that changes nothing', () => {
  const rules = shownRules(new Map());
  const { checks, unused } = parsePolicy(policyText(rules), 'printed.yaml');
  expect(checks.size).toBe(rules.length);
  expect(
    rules.filter(
      ({ name, check, default: standard }) => check !== standard || checks.get(name) !== check,
    ),
  ).toEqual([]);
  expect(unused).toEqual([]);
});

test('a rule is printed with its calls, what it decides, and the default where it is overridden', () => {
  const text = `
ops: role:ops
os_compute_api:servers:delete: rule:ops
os_compute_api:os-services:list: [["role:ops"]]
`;
  const { checks } = parsePolicy(text, 'policy.yaml');
  const printed = policyText(shownRules(checks));
  expect(printed).toContain(
    `# DELETE /servers/:id
# DELETE /os-volumes_boot/:id
# default: "rule:project_member_or_admin"
"os_compute_api:servers:delete": "rule:ops"
`,
  );
  expect(printed).toContain('"os_compute_api:os-services:list": [["role:ops"]]\n');
  expect(printed).toContain(
    '# host_status of a server\n"os_compute_api:servers:show:host_status":',
  );
  expect(printed).toMatch(/\n"ops": "role:ops"\n$/);
  expect(parsePolicy(printed, 'printed.yaml').checks.get('ops')).toBe('role:ops');
});
