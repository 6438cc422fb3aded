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

/**
 * Does a view pass all filters? Of one key repeated any value is enough; all of `fixed_ips` and of
 * `tags` must hold. Throws for a key that filters nothing here, and for a value that its attribute
 * cannot have. Source: Neutron's extension `filter-validation`. Example:
 * `?status=DOWN&name=a&name=b` → ports that are DOWN and called a or b.
 */
export function filterOf(query: Query, { filters }: Listing): (view: View) => boolean {
  const wanted = Object.entries(query)
    .filter(([key]) => !control.includes(key))
    .map(([key, values]) => ({ key, values: asList(values) }));
  const unknown = wanted.filter(({ key }) => !filters.includes(key));
  if (unknown.length > 0) {
    const names = unknown.map(({ key }) => `'${key}'`).join(', ');
    throw new ComputeError(
      'invalid',
      `[${names}] is invalid attribute for filtering; filters are: ${filters.join(', ')}`,
    );
  }
  for (const { key, values } of wanted) values.forEach((value) => checkValue(key, value));
  return (view) => wanted.every(({ key, values }) => passes(view, key, values));
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

function passes(view: View, key: string, values: string[]): boolean {
  if (isTagFilter(key)) return passesTags((view['tags'] ?? []) as string[], key, values);
  const isMatch = (value: string) => matches(view[key], value);
  // A subnet and an address are two conditions; of all other keys one value is enough.
  return key === 'fixed_ips' ? values.every(isMatch) : values.some(isMatch);
}

function isTagFilter(key: string): key is (typeof tagFilters)[number] {
  return (tagFilters as readonly string[]).includes(key);
}

/** Values may be joined by commas. Example: `not-tags=a,b` → without those that have both. */
function passesTags(
  tags: string[],
  filter: (typeof tagFilters)[number],
  values: string[],
): boolean {
  const requested = values.flatMap((value) => value.split(','));
  const has = (tag: string) => tags.includes(tag);
  switch (filter) {
    case 'tags':
      return requested.every(has);
    case 'tags-any':
      return requested.some(has);
    case 'not-tags':
      return !requested.every(has);
    case 'not-tags-any':
      return !requested.some(has);
  }
}

/**
 * Lists match by an entry; entries that are objects by one of their fields:
 * `fixed_ips=ip_address=10.0.0.3`.
 */
function matches(field: unknown, value: string): boolean {
  if (Array.isArray(field)) return field.some((entry) => matches(entry, value));
  if (typeof field === 'boolean') return field === parseBoolean(value);
  if (typeof field === 'object' && field !== null) return matchesEntry(field as View, value);
  if (field === null) return value === '';
  return (typeof field === 'string' || typeof field === 'number') && String(field) === value;
}

function matchesEntry(entry: View, value: string): boolean {
  const [key = '', ...rest] = value.split('=');
  const wanted = rest.join('=');
  if (key === 'ip_address_substr') return String(entry['ip_address']).includes(wanted);
  return entry[key] === wanted;
}
