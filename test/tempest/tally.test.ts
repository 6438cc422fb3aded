import { expect, test } from 'vitest';
import { errorOf, type Outcome, Tally } from './tally.ts';

const outcome = (id: string, status: string, more: Partial<Outcome> = {}): Outcome => ({
  ...{ id, status, seconds: 1, reason: '', tracebacks: [] },
  ...more,
});

function tallied(selected: string[], outcomes: Outcome[]) {
  const lines: string[] = [];
  const tally = new Tally(selected, (line) => lines.push(line));
  for (const each of outcomes) tally.add(each);
  return { end: tally.end(), lines };
}

test('each test counts once; one whose class was skipped has the reason of its class', () => {
  const { end, lines } = tallied(
    ['a.One.test_x[id-1]', 'a.One.test_y', 'a.Two.test_x', 'a.Two.test_y'],
    [
      outcome('a.One.test_x[id-1]', 'success'),
      outcome('a.One.test_y', 'fail', { tracebacks: ['Traceback:\n  File "a.py"\nE: no'] }),
      outcome('setUpClass (a.Two)', 'skip', { reason: 'no volumes\nhere' }),
    ],
  );
  expect(end).toBe('1 passed, 1 failed, 2 skipped');
  expect(lines).toContain('skipped: a.Two.test_y: no volumes');
  expect(lines).toContain('FAILED  a.One.test_y\n          E: no');
});

test('a test without an outcome failed, and so did one that another failure of its class hid', () => {
  const failing = outcome('setUpClass (a.One)', 'fail', { tracebacks: ['E: no'] });
  expect(tallied(['a.One.test_x', 'a.Two.test_x'], [failing]).end).toBe(
    '0 passed, 2 failed, 0 skipped',
  );
});

test('a failed end of a class is a failure of its own', () => {
  const outcomes = [
    outcome('a.One.test_x', 'success'),
    outcome('tearDownClass (a.One)', 'fail', { tracebacks: ['E: no'] }),
  ];
  expect(tallied(['a.One.test_x'], outcomes).end).toBe('1 passed, 1 failed, 0 skipped');
});

test('of a traceback the error is shown, with its place in a test', () => {
  const traceback = `Traceback (most recent call last):

  File "/usr/lib/tempest/api/test_servers.py", line 88, in test_it
    self.client.lock()
    ~~~~~~~~~~~~~~~~^^

  File "/usr/lib/tempest/lib/rest_client.py", line 9, in post
    raise Conflict

tempest.lib.exceptions.Conflict: An object already exists
Details: {'code': 409}
`;
  expect(errorOf(traceback)).toBe(
    "tempest.lib.exceptions.Conflict: An object already exists Details: {'code': 409} (test_servers.py:88)",
  );
});
