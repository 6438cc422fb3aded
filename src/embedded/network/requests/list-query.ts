/** The query of a list: filters, sorting, paging and `fields`, over views. */
import { ComputeError } from '#core/errors.ts';
import { NetworkError, notFound } from './errors.ts';
import { filterInTurns, mapInTurns } from '#http/lists/in-turns.ts';
import { orderBy } from '#http/lists/order.ts';
import { besideMarker, limitOf, pageQuery } from '#http/lists/page.ts';
import { asList } from '#http/routes/query.ts';
import { filterOf, type Query } from './list-filter.ts';
import type { ListPage } from '#contracts/store/network-store.ts';
import type { Listing } from './listings.ts';
import type { View } from '../views.ts';

/**
 * `query`: keys and values; `url`: of the list, without its query; `text`: the query as it came.
 */
export interface ListCall {
  query: Query;
  url: string;
  text: string;
}

interface Link {
  rel: 'next' | 'previous';
  href: string;
}

/** What a list answers with. `links` is empty without a limit. */
export interface Page {
  views: View[];
  links: Link[];
}

/** A limit of 0 is no limit. */
interface Cut {
  limit: number;
  marker: string;
  isReverse: boolean;
}

/**
 * The views that the query selects, in its order: after the marker, or with `page_reverse` before
 * it. A full page has links to the next and the previous one. Throws for filters, sort keys and a
 * limit that Neutron refuses, and NotFound for an unknown marker. Example:
 * `?sort_key=name&sort_dir=asc&limit=2` → two views, links `next` and `previous`.
 */
export async function pageOf(views: View[], call: ListCall, listing: Listing): Promise<Page> {
  const { query } = call;
  const isMatch = filterOf(query, listing);
  const sorted = sort(views, query, listing);
  const cut = cutOf(query);
  const side = cut.marker === '' ? sorted : sideOf(sorted, cut, listing);
  const passed = isMatch === undefined ? side : await filterInTurns(side, isMatch);
  const found = pageIn(passed, cut);
  const pick = fieldsOf(query);
  return {
    views: pick === undefined ? found : await mapInTurns(found, pick),
    links: linksOf(found, call, { ...cut, key: listing.key }),
  };
}

/** A larger page is cut from the whole list. */
const mostInStore = 10_000;

/**
 * The page that a store reads without the rest of the list. undefined for one that is in another
 * order or direction, has no limit, or filters by other keys than the store. Example:
 * `?limit=2&marker=a` → `{ after: 'a', limit: 2 }`.
 */
export function pageInStore(query: Query, filters: readonly string[]): ListPage | undefined {
  const { fields: _, ...others } = query;
  const known = ['limit', 'marker', ...filters];
  const isKnown = ([key, value]: [string, unknown]) =>
    known.includes(key) && typeof value === 'string';
  if (!Object.entries(others).every(isKnown)) return undefined;
  const limit = /^\d+$/.test(String(others['limit'])) ? Number(others['limit']) : 0;
  if (limit === 0 || limit > mostInStore) return undefined;
  const marker = String(others['marker'] ?? '');
  return { limit, ...(marker !== '' && { after: marker }) };
}

/**
 * What leaves a view with the fields that are requested; undefined where all are. Example:
 * `?fields=id&fields=name`, and what one client release sends: `?fields=['id', 'name']`.
 */
export function fieldsOf(query: Query): ((view: View) => View) | undefined {
  const texts = asList(query['fields']);
  const fields = new Set(texts.flatMap((text) => text.match(/[\w:-]+/g) ?? []));
  if (fields.size === 0) return undefined;
  return (view) => Object.fromEntries(Object.entries(view).filter(([key]) => fields.has(key)));
}

function sort(views: View[], query: Query, { sortKeys }: Listing): View[] {
  const keys = asList(query['sort_key']).filter((key) => key !== '');
  const directions = asList(query['sort_dir']).filter((direction) => direction !== '');
  if (keys.length !== directions.length) {
    throw refused(
      `The number of sort_keys and sort_dirs must be same: ${keys.length} and ${directions.length}`,
    );
  }
  const unknown = keys.filter((key) => !sortKeys.includes(key)).map((key) => `'${key}'`);
  if (unknown.length > 0) {
    throw refused(
      `[${unknown.join(', ')}] is invalid attribute for sort_keys; they are: ${sortKeys.join(', ')}`,
    );
  }
  const wrong = directions.filter((direction) => !/^(asc|desc)$/.test(direction));
  if (wrong.length > 0) {
    const names = wrong.map((direction) => `'${direction}'`).join(', ');
    throw refused(`[${names}] is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  }
  const steps = keys.map((key, index) => ({
    key,
    read: (view: View) => view[key],
    sign: directions[index] === 'desc' ? (-1 as const) : (1 as const),
  }));
  // Views that differ in a key are in its first order; a repeated key decides nothing.
  const order = orderBy<View>(steps.filter(({ key }, at) => keys.indexOf(key) === at));
  return views.toSorted(order);
}

function cutOf(query: Query): Cut {
  const last = (key: string) => asList(query[key]).at(-1);
  const limit = limitOf(last('limit'), {
    form: /^\d+$/,
    standard: 0,
    refusal: (text) =>
      badRequest('limit', `Limit must be an integer 0 or greater and not '${text}'`),
  });
  const reverse = last('page_reverse') ?? '';
  if (!/^(true|false|)$/i.test(reverse)) {
    throw badRequest('page_reverse', `page_reverse must be True or False and not '${reverse}'`);
  }
  return {
    limit,
    marker: last('marker') ?? '',
    isReverse: reverse.toLowerCase() === 'true',
  };
}

/**
 * The marker is searched among all that the caller sees: it may have left the filtered list since.
 */
function sideOf(sorted: View[], { marker, isReverse }: Cut, { key, kind }: Listing): View[] {
  const sides = besideMarker(sorted, marker, (view) => view[key]);
  if (sides === undefined) throw notFound(kind, marker);
  return isReverse ? sides.before : sides.after;
}

function pageIn(views: View[], { limit, isReverse }: Cut): View[] {
  if (limit === 0) return views;
  return isReverse ? views.slice(-limit) : views.slice(0, limit);
}

/** A page that is not full is the last one in its direction. */
function linksOf(
  views: View[],
  { url, text }: ListCall,
  { limit, isReverse, key }: Cut & { key: string },
): Link[] {
  if (limit === 0) return [];
  const isLast = views.length < limit;
  const link = (rel: Link['rel'], edge: View | undefined): Link => {
    const marker = edge && String(edge[key]);
    const query = pageQuery(text, { marker, without: ['marker', 'page_reverse'] });
    if (rel === 'previous') query.set('page_reverse', 'True');
    return { rel, href: `${url}?${query.toString()}` };
  };
  return [
    ...(isLast && !isReverse ? [] : [link('next', views.at(-1))]),
    ...(isLast && isReverse ? [] : [link('previous', views[0])]),
  ];
}

function refused(message: string): ComputeError {
  return new ComputeError('invalid', message);
}

function badRequest(resource: string, rule: string): NetworkError {
  return new NetworkError('invalid', 'BadRequest', `Bad ${resource} request: ${rule}.`);
}
