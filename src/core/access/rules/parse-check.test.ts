import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Check } from './check.ts';
import { parseCheck, parseCheckList } from './parse-check.ts';

/** Its tree as a text with all parentheses. */
function shown(check: Check): string {
  switch (check.is) {
    case 'always':
      return '@';
    case 'never':
      return '!';
    case 'role':
      return `role:${check.role}`;
    case 'rule':
      return `rule:${check.name}`;
    case 'admin':
      return `is_admin:${check.expected}`;
    case 'not':
      return `not ${shown(check.check)}`;
    case 'all':
    case 'any': {
      const operator = check.is === 'all' ? ' and ' : ' or ';
      return `(${check.checks.map(shown).join(operator)})`;
    }
    case 'equal': {
      const { left, right } = check;
      const name = 'text' in left ? `'${left.text}'` : left.credential;
      return `${name}:${'text' in right ? right.text : `%(${right.target})s`}`;
    }
  }
}

test.each([
  ['', '@'],
  ['  ', '@'],
  ['@', '@'],
  ['!', '!'],
  ['role:admin', 'role:admin'],
  ['rule:os_compute_api:servers:show', 'rule:os_compute_api:servers:show'],
  ['is_admin:True', 'is_admin:true'],
  ['is_admin:false', 'is_admin:false'],
  ['project_id:%(project_id)s', 'project_id:%(project_id)s'],
  ['user_id:%(user_id)s', 'user_id:%(user_id)s'],
  ['user_id:f00', 'user_id:f00'],
  ['system_scope:all', 'system_scope:all'],
  ["'f00':%(project_id)s", "'f00':%(project_id)s"],
  ['None:%(user_id)s', "'None':%(user_id)s"],
  ["user_id:'f 00'", 'user_id:f 00'],
  ['role:a and role:b', '(role:a and role:b)'],
  ['role:a AND role:b Or role:c', '((role:a and role:b) or role:c)'],
  ['role:a or role:b and role:c', '(role:a or (role:b and role:c))'],
  ['(role:a or role:b) and role:c', '((role:a or role:b) and role:c)'],
  ['not role:a and role:b', '(not role:a and role:b)'],
  ['not (role:a or role:b)', 'not (role:a or role:b)'],
  ['not not role:a', 'not not role:a'],
  ['((role:a))', 'role:a'],
  [
    '(role:member and project_id:%(project_id)s)or rule:admin_api',
    '((role:member and project_id:%(project_id)s) or rule:admin_api)',
  ],
  [' role:a\n  or role:b ', '(role:a or role:b)'],
])('%j is read as %s', (text, tree) => {
  expect(shown(parseCheck(text, 'p'))).toBe(tree);
});

const expectedCheck = 'expected a check such as role:member, found';
test.each([
  ['role:a and', `column 11 of the check: ${expectedCheck} the end`],
  ['and role:a', `column 1 of the check: ${expectedCheck} "and"`],
  ['role:a or or role:b', `column 11 of the check: ${expectedCheck} "or"`],
  ['role:a role:b', 'column 8 of the check: expected "and", "or" or the end, found role:b'],
  ['(role:a', 'column 8 of the check: expected ")" for the "(" in column 1, found the end'],
  ['(role:a role:b)', 'column 9 of the check: expected ")" for the "(" in column 1, found role:b'],
  ['role:a)', 'column 7 of the check: expected "and", "or" or the end, found )'],
  ['()', `column 2 of the check: ${expectedCheck} ")"`],
  ['member', `column 1 of the check: ${expectedCheck} "member"`],
  ['role:', `column 1 of the check: ${expectedCheck} "role:"`],
  ['role: admin', `column 1 of the check: ${expectedCheck} "role:"`],
  ['role:%(role)s', 'column 1 of the check: expected the name of a role, found %(role)s'],
  [
    'is_admin:1',
    'column 1 of the check: expected is_admin:True or is_admin:False, found is_admin:1',
  ],
  [
    'not http://h/check',
    'column 5 of the check: the check "http:" is not supported, only role, rule,',
  ],
  ['roel:a', 'column 1 of the check: the check "roel:" is not supported'],
  ['roel:a', 'did you mean role?'],
  ['token.user.id:x', 'the check "token.user.id:" is not supported'],
  [
    'project_id:%(target.project.id)s',
    'column 1 of the check: expected a value, %(project_id)s or %(user_id)s, found %(target.project.id)s',
  ],
  ['user_id:x%(user_id)s', 'found x%(user_id)s'],
  ['('.repeat(200), 'is nested more than 100 deep'],
  ['not '.repeat(200), 'is nested more than 100 deep'],
])('%j is refused: %s', (text, problem) => {
  expect(() => parseCheck(text, 'policy.yaml:3 admin_api')).toThrow(problem);
  expect(() => parseCheck(text, 'policy.yaml:3 admin_api')).toThrow(/^policy\.yaml:3 admin_api: /);
});

test('the list form is any of lists of all', () => {
  const lists = [['role:a'], ['role:b', 'user_id:%(user_id)s'], 'role:c'];
  expect(shown(parseCheckList(lists, 'p'))).toBe(
    '(role:a or (role:b and user_id:%(user_id)s) or role:c)',
  );
  expect(shown(parseCheckList([], 'p'))).toBe('@');
  expect(() => parseCheckList([[]], 'p')).toThrow('p: has an empty inner list');
});

test('every text is read, or refused with its place', () => {
  const parts = fc.constantFrom('(', ')', ' ', 'and', 'or', 'not', 'role:a', '@', "'", '%(', 'x:y');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 60 }), (words) => {
      try {
        parseCheck(words.join(' '), 'place');
      } catch (error) {
        expect((error as Error).message).toMatch(/^place: column \d+ of the check: /);
      }
    }),
  );
});
