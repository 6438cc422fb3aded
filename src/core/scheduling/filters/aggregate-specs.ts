/**
 * Refuses a host whose aggregates lack what the flavor's extra specs of the scope
 * `aggregate_instance_extra_specs:` require. Source: Nova `AggregateInstanceExtraSpecsFilter`;
 * extra specs without a scope do not count here.
 */
import type { HostAggregate } from '../../hosts/aggregate.ts';
import type { Reason } from '../../reason.ts';
import type { Filter } from '../filter.ts';
import type { SpecRequirement } from '../request-spec.ts';
import { matchesSpec } from './extra-spec-match.ts';

const scope = 'aggregate_instance_extra_specs:';

/**
 * What a flavor requires of a host's aggregates. Example: `{ 'aggregate_instance_extra_specs:ssd':
 * 'true' }` → key `ssd` must be `true`.
 */
export function requirementsOf(extraSpecs: Readonly<Record<string, string>>): SpecRequirement[] {
  return Object.entries(extraSpecs)
    .filter(([key]) => key.startsWith(scope))
    .map(([key, required]) => ({ key: key.slice(scope.length), required }));
}

export const aggregateSpecs: Filter = {
  name: 'aggregate',
  isIdle: ({ aggregateSpecs: specs = [] }) => specs.length === 0,
  check: ({ aggregates = [] }, { aggregateSpecs: specs = [] }) =>
    specs.flatMap((spec) => missing(spec, valuesOf(aggregates, spec.key))),
};

/** The values of a key in all aggregates; one text may list several, with commas. */
function valuesOf(aggregates: readonly HostAggregate[], key: string): string[] {
  return aggregates.flatMap(({ metadata }) =>
    Object.hasOwn(metadata, key)
      ? (metadata[key] ?? '').split(',').map((value) => value.trim())
      : [],
  );
}

function missing({ key, required }: SpecRequirement, values: string[]): Reason[] {
  if (values.some((value) => matchesSpec(value, required))) return [];
  const found =
    values.length === 0 ? `no aggregate of it has ${key}` : `${key} is ${values.join(', ')}`;
  const message = `${found}, and the flavor requires ${required}`;
  return [{ code: 'aggregate-mismatch', message, data: { key, required, values } }];
}
