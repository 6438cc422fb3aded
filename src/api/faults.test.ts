import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ComputeError, errorKinds } from '#core/errors.ts';
import { faultOf, faultReply } from './faults.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md has every kind with its status and body, and no other', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| `(\w+)` \|/gm)];
  const documented = rows.map(([, kind, status, name]) => `${kind} ${status} ${name}`);
  const ours = errorKinds.map((kind) => `${kind} ${faultOf(kind).status} ${faultOf(kind).name}`);
  expect(new Set(documented)).toEqual(new Set(ours));
});

const of = { requestId: 'req-1', identityUrl: 'http://k/v3' };

const replies = [
  {
    name: 'a fault has the name of its kind',
    given: new ComputeError('conflict', 'port in use'),
    gives: { status: 409, body: { conflictingRequest: { code: 409, message: 'port in use' } } },
  },
  {
    name: 'a refused token is answered as by Keystone',
    given: new ComputeError('unauthenticated', 'expired'),
    gives: {
      status: 401,
      body: { error: { code: 401, title: 'Unauthorized', message: 'expired' } },
      headers: { 'www-authenticate': 'Keystone uri="http://k/v3"' },
    },
  },
];

test.each(replies)('faults: $name', ({ given, gives }) => {
  expect(faultReply(given, of)).toEqual(gives);
});

test('faults: an internal error names the log, and reveals nothing else', () => {
  const { body } = faultReply(new ComputeError('bug', 'secret', { detail: 'password x' }), of);
  const text = JSON.stringify(body);
  expect(text).toContain('req-1');
  expect(text).not.toMatch(/secret|password/);
});
