/** The query of a list: filters, sorting, paging and `fields`, over views. */
import { invalidInput } from './errors.ts';
import type { View } from './views.ts';

export type Query = Record<string, string | string[]>;

const control = ['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir'];

/** Views that the query asks for, in its order. `known`: keys that views may have. Throws for a filter that no view knows. */
export function applyQuery(views: View[], query: Query, known: readonly string[]): View[] {
  const wanted = Object.entries(query).filter(([key]) => !control.includes(key));
  for (const [key] of wanted) {
    if (!known.includes(key)) {
      throw invalidInput(`query: '${key}' is no filter; filters are: ${known.join(', ')}`);
    }
  }
  const matching = views.filter((view) =>
    wanted.every(([key, values]) => {
      const isMatch = (value: string) => matches(view[key], value);
      // A subnet and an address are two conditions; of all other keys one value is enough.
      return key === 'fixed_ips' ? asList(values).every(isMatch) : asList(values).some(isMatch);
    }),
  );
  const page = cut(sort(matching, query, known), query);
  return page.map((view) => pickFields(view, query));
}

/** Example: `?fields=id&fields=name`, and what one client release sends: `?fields=['id', 'name']`. */
export function pickFields(view: View, query: Query): View {
  const fields = asList(query['fields']).flatMap((text) => text.match(/[\w:-]+/g) ?? []);
  if (fields.length === 0) return view;
  return Object.fromEntries(Object.entries(view).filter(([key]) => fields.includes(key)));
}

function asList(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Lists match by an entry; entries that are objects by one of their fields: `fixed_ips=ip_address=10.0.0.3`. */
function matches(field: unknown, value: string): boolean {
  if (Array.isArray(field)) return field.some((entry) => matches(entry, value));
  if (typeof field === 'boolean') return String(field) === asBoolean(value);
  if (typeof field === 'object' && field !== null) {
    const [key = '', ...rest] = value.split('=');
    return (field as View)[key] === rest.join('=');
  }
  if (field === null) return value === '';
  return (typeof field === 'string' || typeof field === 'number') && String(field) === value;
}

function asBoolean(value: string): string {
  const word = value.toLowerCase();
  if (word === '1' || word === 'true') return 'true';
  return word === '0' || word === 'false' ? 'false' : word;
}

function sort(views: View[], query: Query, known: readonly string[]): View[] {
  const directions = asList(query['sort_dir']);
  const orders = new Map<string, string>();
  for (const [index, key] of asList(query['sort_key']).entries()) {
    if (!known.includes(key)) throw invalidInput(`query.sort_key: '${key}' is no attribute`);
    if (!orders.has(key)) orders.set(key, directions[index] ?? 'asc');
  }
  return views.toSorted((one, other) => {
    for (const [key, direction] of orders) {
      const order = String(one[key]).localeCompare(String(other[key]));
      if (order !== 0) return direction === 'desc' ? -order : order;
    }
    return 0;
  });
}

function cut(views: View[], query: Query): View[] {
  const [marker] = asList(query['marker']);
  const [limitText] = asList(query['limit']);
  const limit = limitText === undefined ? views.length : Number(limitText);
  if (!Number.isInteger(limit) || limit < 0) {
    throw invalidInput(`query.limit: '${limitText}' is no number from 0`);
  }
  if (marker === undefined) return views.slice(0, limit);
  const at = views.findIndex((view) => view['id'] === marker);
  if (at < 0) throw invalidInput(`query.marker: '${marker}' is no id of this list`);
  return views.slice(at + 1, at + 1 + limit);
}
