/** Which views of a list pass the filters of a query. */
import { asList } from '#http/routes/query.ts';
import { ComputeError } from '#core/errors.ts';
import { parseBoolean } from '../../boolean-value.ts';
import { invalidInput } from './errors.ts';
import { type Listing, tagFilters } from './listings.ts';
import type { View } from '../views.ts';

export type Query = Record<string, string | string[]>;

/** Keys of a query that choose, cut and order, and filter nothing. */
const control = ['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir'];
const flags = [
  'admin_state_up',
  'shared',
  'router:external',
  'port_security_enabled',
  'enable_dhcp',
  'stateful',
  'alive',
];
const numbers = [
  'mtu',
  'ip_version',
  'port_range_min',
  'port_range_max',
  'provider:segmentation_id',
  'revision_number',
];

/** Does a view pass? */
type Test = (view: View) => boolean;

/**
 * Does a view pass all filters? Of one key repeated any value is enough; all of `fixed_ips` and of
 * `tags` must hold. Throws for a key that filters nothing here, and for a value that its attribute
 * cannot have. undefined where a query filters nothing. The values are read once: a test of a view
 * costs by what the view has, not by how often a value is repeated. Source: Neutron's extension
 * `filter-validation`. Example: `?status=DOWN&name=a&name=b` → ports that are DOWN and called a or
 * b.
 */
export function filterOf(query: Query, { filters }: Listing): Test | undefined {
  const wanted = Object.entries(query)
    .filter(([key]) => !control.includes(key))
    .map(([key, values]) => ({ key, values: [...new Set(asList(values))] }));
  const unknown = wanted.filter(({ key }) => !filters.includes(key));
  if (unknown.length > 0) {
    const names = unknown.map(({ key }) => `'${key}'`).join(', ');
    throw new ComputeError(
      'invalid',
      `[${names}] is invalid attribute for filtering; filters are: ${filters.join(', ')}`,
    );
  }
  for (const { key, values } of wanted) values.forEach((value) => checkValue(key, value));
  if (wanted.length === 0) return undefined;
  const tests = wanted.map(({ key, values }) => testOf(key, values));
  return (view) => tests.every((test) => test(view));
}

function checkValue(key: string, value: string): void {
  const refuse = (rule: string) => invalidInput(`query.${key}: '${value}' ${rule}`);
  if (flags.includes(key) && parseBoolean(value) === undefined) {
    throw refuse('cannot be converted to boolean');
  }
  if (numbers.includes(key) && !/^-?\d*$/.test(value)) throw refuse('is not an integer');
  if (key === 'fixed_ips' && !/^(subnet_id|ip_address|ip_address_substr)=/.test(value)) {
    throw refuse('is not a filter of addresses: subnet_id=…, ip_address=… or ip_address_substr=…');
  }
}

function testOf(key: string, values: readonly string[]): Test {
  if (isTagFilter(key)) {
    const passes = tagTest(key, values);
    return (view) => passes((view['tags'] ?? []) as string[]);
  }
  if (key === 'fixed_ips') return addressTest(values);
  const isMatch = valueTest(values);
  return (view) => isMatch(view[key]);
}

function isTagFilter(key: string): key is (typeof tagFilters)[number] {
  return (tagFilters as readonly string[]).includes(key);
}

/** Values may be joined by commas. Example: `not-tags=a,b` → without those that have both. */
function tagTest(
  filter: (typeof tagFilters)[number],
  values: readonly string[],
): (tags: readonly string[]) => boolean {
  const requested = new Set(values.flatMap((value) => value.split(',')));
  const hasAny = (tags: readonly string[]) => tags.some((tag) => requested.has(tag));
  const hasAll = (tags: readonly string[]) =>
    requested.size <= tags.length &&
    new Set(tags.filter((tag) => requested.has(tag))).size === requested.size;
  switch (filter) {
    case 'tags':
      return hasAll;
    case 'tags-any':
      return hasAny;
    case 'not-tags':
      return (tags) => !hasAll(tags);
    case 'not-tags-any':
      return (tags) => !hasAny(tags);
  }
}

/** Any value is enough. Lists match by an entry. */
function valueTest(values: readonly string[]): (field: unknown) => boolean {
  const texts = new Set(values);
  const booleans = new Set(values.map(parseBoolean));
  const isMatch = (field: unknown): boolean => {
    if (Array.isArray(field)) return field.some(isMatch);
    if (typeof field === 'boolean') return booleans.has(field);
    if (field === null) return texts.has('');
    return (typeof field === 'string' || typeof field === 'number') && texts.has(String(field));
  };
  return isMatch;
}

/** Between the addresses of a port that are searched as one text; no address has it. */
const addressEnd = '\n';

/**
 * Each condition must hold for one of the addresses. Example: `fixed_ips=ip_address=10.0.0.3`.
 */
function addressTest(values: readonly string[]): Test {
  const of = (key: string) =>
    values.filter((value) => value.startsWith(`${key}=`)).map((v) => v.slice(key.length + 1));
  const [subnets, addresses, parts] = [of('subnet_id'), of('ip_address'), of('ip_address_substr')];
  if (parts.some((part) => part.includes(addressEnd))) return () => false;
  return (view) => {
    const fixedIps = view['fixed_ips'] as View[];
    if (fixedIps.length === 0) return false;
    const has = (key: string, all: readonly string[]) => {
      const found = new Set(fixedIps.map((one) => one[key]));
      return all.length <= found.size && all.every((one) => found.has(one));
    };
    if (!has('subnet_id', subnets) || !has('ip_address', addresses)) return false;
    const text = fixedIps.map((one) => one['ip_address']).join(addressEnd);
    return parts.every((part) => text.includes(part));
  };
}
