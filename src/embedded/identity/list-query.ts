/**
 * The query of a list of the identity service: filters, limit and marker. Source: Keystone's
 * `build_driver_hints`.
 */
import { besideMarker, limitOf, pageQuery } from '#http/lists/page.ts';
import { asList } from '#http/routes/query.ts';
import { ComputeError } from '#core/errors.ts';
import { parseBoolean } from '../boolean-value.ts';
import type { OpenCall } from '#http/routes/route.ts';
import type { View } from './views.ts';

type Query = OpenCall['query'];

/**
 * What a list can be filtered by: `fields` of its views; `applied`: by what its views are already
 * selected; `absent`: what Keystone has and nothing here does. `isTagged`: the filters by tags,
 * which nothing here has either.
 */
export interface Filters {
  fields: readonly string[];
  applied?: readonly string[];
  absent?: readonly string[];
  isTagged?: boolean;
}

/** `url`: of the list, without its query; `text`: the query as it came. */
export interface ListCall {
  query: Query;
  url: string;
  text: string;
}

/** `next`: where the rest is, null when this is all. */
export interface Page {
  views: View[];
  next: string | null;
}

const comparators: Record<string, (value: string, wanted: string) => boolean> = {
  contains: (value, wanted) => value.includes(wanted),
  startswith: (value, wanted) => value.startsWith(wanted),
  endswith: (value, wanted) => value.endsWith(wanted),
};

/**
 * The views that the query selects. Throws `invalid` for a key that filters nothing here, so that
 * no list is longer than was meant, and for a wrong limit or marker. Example:
 * `?name__icontains=DEMO&enabled&limit=1`.
 */
export function pageOf(views: View[], { query, url, text }: ListCall, filters: Filters): Page {
  const { limit, marker, ...wanted } = query;
  const conditions = Object.entries(wanted).flatMap(([key, values]) =>
    asList(values).map((value) => conditionOf(key, value, filters)),
  );
  const found = views.filter((view) => conditions.every((holds) => holds(view)));
  const rest = after(found, asList(marker).at(-1) ?? '');
  const size = limitOf(asList(limit).at(-1), {
    form: /^[1-9]\d*$/,
    standard: rest.length,
    refusal: (given) =>
      new ComputeError('invalid', `query.limit: '${given}' is not a number from 1`),
  });
  const page = rest.slice(0, size);
  const last = page.at(-1);
  if (last === undefined || rest.length <= size) return { views: page, next: null };
  return { views: page, next: `${url}?${pageQuery(text, { marker: last.id }).toString()}` };
}

/** Is the flag there, and not 0? Example: `?effective` and `?effective=True` → true. */
export function isSet(query: Query, flag: string): boolean {
  return flag in query && query[flag] !== '0';
}

/** For calls that take no query. Throws `invalid` naming the first key. */
export function refuseQuery(query: Query): void {
  const [key] = Object.keys(query);
  if (key !== undefined) throw unknownKey(key, []);
}

/** The error for a query key that has no meaning. */
export function unknownKey(key: string, known: readonly string[]): ComputeError {
  const rule = known.length === 0 ? 'it takes no query' : `known are: ${known.join(', ')}`;
  return new ComputeError('invalid', `query: '${key}' is not a filter of this call; ${rule}`);
}

type Condition = (view: View) => boolean;

function conditionOf(
  key: string,
  value: string,
  { fields, applied = [], absent = [], isTagged = false }: Filters,
): Condition {
  if (fields.includes(key)) return (view) => isEqual(key, view[key], value);
  if (applied.includes(key)) return () => true;
  if (absent.includes(key)) return () => false;
  if (key === 'password_expires_at' && fields.includes('default_project_id')) {
    return neverExpires(value);
  }
  if (isTagged && /^(not-)?tags(-any)?$/.test(key)) return () => key.startsWith('not-');
  const [, field = '', caseless, name = ''] = /^(.+?)__(i?)(\w+)$/.exec(key) ?? [];
  const compare = Object.hasOwn(comparators, name) ? comparators[name] : undefined;
  if (!fields.includes(field) || compare === undefined) {
    throw unknownKey(key, [...fields, ...applied, ...absent, 'limit', 'marker']);
  }
  const fold = (text: string) => (caseless === '' ? text : text.toLowerCase());
  return (view) => {
    const held = view[field];
    return typeof held === 'string' && compare(fold(held), fold(value));
  };
}

function isEqual(key: string, held: unknown, value: string): boolean {
  if (held === null) return value === '';
  if (typeof held !== 'boolean') return held === value;
  const wanted = value === '' ? true : parseBoolean(value);
  if (wanted !== undefined) return held === wanted;
  throw new ComputeError('invalid', `query.${key}: '${value}' is not true or false`);
}

/** No password here ever expires. */
function neverExpires(value: string): Condition {
  if (/^(lt|lte|gt|gte|eq|neq):\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return () => false;
  throw new ComputeError(
    'invalid',
    `query.password_expires_at: '${value}' is not an operator and a time, as lt:2026-01-31T12:00:00Z`,
  );
}

function after(views: View[], marker: string): View[] {
  if (marker === '') return views;
  const rest = besideMarker(views, marker, ({ id }) => id)?.after;
  if (rest !== undefined) return rest;
  throw new ComputeError('invalid', `query.marker: '${marker}' is not an id of this list`);
}
