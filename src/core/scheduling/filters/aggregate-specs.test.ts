/** Flavors that require metadata of a host's aggregates. */
import { aHostState, aRequestSpec } from '#test/host-states.ts';
import { expect, test } from 'vitest';
import { aggregateSpecs, requirementsOf } from './aggregate-specs.ts';

const ssds = (...values: string[]) =>
  values.map((ssd, at) => ({ name: `aggregate-${at}`, metadata: { ssd } }));
const requires = (required: string) =>
  requirementsOf({
    'aggregate_instance_extra_specs:ssd': required,
    'hw:numa_nodes': '1',
    ssd: 'without a scope',
  });
const mismatch = (message: string, required: string, values: string[]) => ({
  code: 'aggregate-mismatch',
  message: `${message}, and the flavor requires ${required}`,
  data: { key: 'ssd', required, values },
});

test.each([
  { name: 'nothing required', aggregates: ssds('no'), specs: [] },
  {
    name: 'only other scopes required',
    aggregates: [],
    specs: requirementsOf({ 'hw:numa_nodes': '1', ssd: 'true' }),
  },
  { name: 'the value', aggregates: ssds('yes'), specs: requires('yes') },
  { name: 'the value in one aggregate', aggregates: ssds('no', 'yes'), specs: requires('yes') },
  { name: 'the value in a list', aggregates: ssds('no, yes'), specs: requires('<or> yes <or> y') },
])('passes a host with $name', ({ aggregates, specs }) => {
  const host = aHostState('host-1', { aggregates });
  expect(aggregateSpecs.check(host, aRequestSpec({ aggregateSpecs: specs }))).toEqual([]);
});

test.each([
  {
    name: 'other values',
    aggregates: ssds('3', '4'),
    required: '>= 8',
    gives: mismatch('ssd is 3, 4', '>= 8', ['3', '4']),
  },
  {
    name: 'no such key',
    aggregates: [{ name: 'a', metadata: {} }],
    required: 'yes',
    gives: mismatch('no aggregate of it has ssd', 'yes', []),
  },
  {
    name: 'no aggregate',
    aggregates: undefined,
    required: 'yes',
    gives: mismatch('no aggregate of it has ssd', 'yes', []),
  },
])('refuses a host with $name', ({ aggregates, required, gives }) => {
  const host = aHostState('host-1', aggregates === undefined ? {} : { aggregates });
  const spec = aRequestSpec({ aggregateSpecs: requires(required) });
  expect(aggregateSpecs.isIdle?.(spec)).toBe(false);
  expect(aggregateSpecs.check(host, spec)).toEqual([gives]);
});
