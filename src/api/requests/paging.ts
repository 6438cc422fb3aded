/** Limit, marker and the link to the next page. */
import { ComputeError } from '#core/errors.ts';
import { besideMarker, limitOf, pageQuery } from '#http/lists/page.ts';
import { queryValue } from '#http/routes/query.ts';
import { isFlag, isSet } from './fields.ts';
import type { Link } from './links.ts';
import type { Call, Query } from './route.ts';

/** No page is longer. Source: Nova `[api] max_limit`. */
export const longestPage = 1000;

/**
 * Reads a query key as a date. Throws `invalid`. Example: `2026-11-23T07:30:04Z` → epoch
 * milliseconds.
 */
export function queryTime(query: Query, key: string): number | undefined {
  const value = queryValue(query, key);
  if (value === undefined) return undefined;
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(value);
  const time = /^\d{4}-\d\d-\d\d/.test(value)
    ? Date.parse(hasZone || !value.includes('T') ? value : `${value}Z`)
    : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new ComputeError(
    'invalid',
    `Invalid input for query parameters ${key}. Value: ${value}. must be an ISO 8601 date and time`,
  );
}

/**
 * Reads a query key as a boolean; undefined when it is not there. Throws `invalid`. Example: `True`
 * → true.
 */
export function queryFlag(query: Query, key: string): boolean | undefined {
  const value = queryValue(query, key);
  if (value === undefined || isFlag(value)) return value === undefined ? undefined : isSet(value);
  throw new ComputeError(
    'invalid',
    `Invalid input for query parameters ${key}. Value: ${value}. must be a boolean`,
  );
}

/** How long a page may be. Throws `invalid`. */
export function pageLimit(query: Query): number {
  return countOf(query, 'limit', { standard: longestPage, most: longestPage });
}

/** A whole number; undefined when it is not there. Throws `invalid`. */
export function queryCount(query: Query, key: string): number | undefined {
  if (queryValue(query, key) === undefined) return undefined;
  return countOf(query, key, { standard: 0 });
}

/** Throws `invalid` unless it is an integer of at least 0. */
function countOf(query: Query, key: string, range: { standard: number; most?: number }): number {
  const refusal = (value: string) =>
    new ComputeError(
      'invalid',
      `Invalid input for query parameters ${key}. Value: ${value}. must be a whole number of at least 0`,
    );
  return limitOf(queryValue(query, key), { ...range, form: /^\d{1,9}$/, refusal });
}

/**
 * Which part of a list without a marker is requested: from `offset` on, at most the limit (0: as
 * many as a page may have). Throws `invalid`.
 */
export function requestedSlice(query: Query): { offset: number; limit: number } {
  return {
    offset: countOf(query, 'offset', { standard: 0 }),
    limit: pageLimit(query) || longestPage,
  };
}

/**
 * The items after the marker, at most the limit, and the link to more when the page is full. Throws
 * `invalid` for an unknown marker.
 */
export function pageOf<Item>(
  call: Call,
  items: Item[],
  idOf: (item: Item) => string,
): { items: Item[]; links: Link[] } {
  const limit = pageLimit(call.query);
  const marker = queryValue(call.query, 'marker');
  const rest = marker === undefined ? items : besideMarker(items, marker, idOf)?.after;
  if (rest === undefined) throw new ComputeError('invalid', `marker [${marker}] not found`);
  const page = rest.slice(0, limit);
  return { items: page, links: nextLinks(call, page, { limit, idOf }) };
}

/** The link to what follows a full page; none after a shorter one. */
export function nextLinks<Item>(
  call: Call,
  page: readonly Item[],
  { limit, idOf }: { limit: number; idOf: (item: Item) => string },
): Link[] {
  const last = page.at(-1);
  if (last === undefined || page.length < limit) return [];
  return [linkAfter(call, idOf(last))];
}

/** The link to the page after this id. */
export function linkAfter(call: Call, id: string): Link {
  const query = pageQuery(call.query, { marker: id, without: ['marker'] });
  return { rel: 'next', href: `${call.base}${call.path}?${query.toString()}` };
}
