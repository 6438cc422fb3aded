import { expect, test } from 'vitest';
import { controllerUri, hostUri, uriIn } from './certificate-names.ts';
import { isJoinToken, joinTokenText, parseJoinToken } from './join-token.ts';
import { renewalAt, renewalWait, validityFrom } from './validity.ts';

const secret = 'Zk3-_'.repeat(9).slice(0, 43);
const authority = '9f'.repeat(32);
const text = joinTokenText({ secret, authority });
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

test('a join token is read as it was written, also with the end of its line', () => {
  expect(parseJoinToken(text)).toEqual({ secret, authority });
  expect(parseJoinToken(`${text}\n`)).toEqual({ secret, authority });
});

test.each([
  '',
  'novella-join-',
  text.slice(0, -1),
  text.slice(1),
  `${text}a`,
  text.replace('.', '-'),
])('"%s" is no join token', (wrong) => expect(parseJoinToken(wrong)).toBeUndefined());

test('a join token that was cut off is meant to be one; a token of version 0.2 is not', () => {
  expect(isJoinToken(text.slice(0, 30))).toBe(true);
  expect(isJoinToken('novella-host-abc')).toBe(false);
});

test.each([
  ['URI:novella:host:hv1.example', hostUri('hv1.example')],
  ['URI:novella:controller', controllerUri],
  ['URI:novella:host:hv1, URI:novella:host:hv2', undefined],
  ['DNS:hv1', undefined],
  ['URI:"novella:host:hv1, x"', undefined],
  [undefined, undefined],
])('the alternative name %s identifies %s', (names, uri) => expect(uriIn(names)).toBe(uri));

test('a certificate begins an hour early, a short one by a tenth', () => {
  expect(validityFrom(10 * dayMs, 90 * dayMs)).toEqual({
    notBefore: 10 * dayMs - hourMs,
    notAfter: 100 * dayMs,
  });
  expect(validityFrom(1_000, 500)).toEqual({ notBefore: 950, notAfter: 1_500 });
});

const validity = { notBefore: 0, notAfter: 90 * dayMs };

test.each([
  { name: 'early', now: dayMs, hasFailed: false, waits: hourMs },
  { name: 'shortly before two thirds', now: 60 * dayMs - 5, hasFailed: false, waits: 5 },
  { name: 'at two thirds', now: 60 * dayMs, hasFailed: false, waits: 0 },
  { name: 'after its end', now: 91 * dayMs, hasFailed: false, waits: 0 },
  { name: 'after a failure', now: 60 * dayMs, hasFailed: true, waits: hourMs },
])('$name the agent waits $waits ms', ({ now, hasFailed, waits }) => {
  expect(renewalAt(validity)).toBe(60 * dayMs);
  expect(renewalWait(validity, now, hasFailed)).toBe(waits);
});

test('after a failure a short-lived certificate is tried again twenty times in its last third', () => {
  expect(renewalWait({ notBefore: 0, notAfter: 60_000 }, 40_000, true)).toBe(1_000);
});
