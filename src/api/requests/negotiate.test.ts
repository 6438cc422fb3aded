import { expect, test } from 'vitest';
import { isComputeError } from '#core/errors.ts';
import { negotiate } from './negotiate.ts';

const typed = 'openstack-api-version';
const old = 'x-openstack-nova-api-version';

const accepted = [
  { name: 'no header is 2.1', given: {}, gives: 1 },
  { name: 'the typed header', given: { [typed]: 'compute 2.60' }, gives: 60 },
  { name: 'the legacy header', given: { [old]: '2.9' }, gives: 9 },
  {
    name: 'the typed one takes precedence',
    given: { [typed]: 'compute 2.60', [old]: '2.9' },
    gives: 60,
  },
  { name: 'ours of a list', given: { [typed]: 'volume 3.60, compute 2.40' }, gives: 40 },
  {
    name: "another service's header is not ours",
    given: { [typed]: 'volume 3.60', [old]: '2.9' },
    gives: 9,
  },
  { name: 'latest is the highest', given: { [typed]: 'compute latest' }, gives: 96 },
  { name: 'the highest itself', given: { [old]: '2.96' }, gives: 96 },
];

test.each(accepted)('microversions: $name', ({ given, gives }) => {
  expect(negotiate(given)).toBe(gives);
});

const refused = [
  { name: 'above the range', given: { [typed]: 'compute 2.97' }, kind: 'notAcceptable' },
  { name: 'another major', given: { [old]: '3.1' }, kind: 'notAcceptable' },
  { name: '2.0', given: { [old]: '2.0' }, kind: 'notAcceptable' },
  { name: 'text', given: { [old]: 'newest' }, kind: 'invalid' },
  { name: 'a version without minor', given: { [typed]: 'compute 2' }, kind: 'invalid' },
  { name: 'a leading zero', given: { [old]: '2.01' }, kind: 'invalid' },
  { name: 'a type without version', given: { [typed]: 'compute' }, kind: 'invalid' },
] as const;

test.each(refused)('microversions: $name is refused as $kind', ({ given, kind }) => {
  expect(() => negotiate(given)).toThrow(
    expect.toSatisfy((error: unknown) => isComputeError(error, kind)),
  );
});
