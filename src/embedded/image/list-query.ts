/** The query of an image list: filters, sorting and paging over views. */
import { ComputeError } from '#core/errors.ts';
import { imageSchema } from './schemas.ts';
import type { View } from './views.ts';

export type Query = Record<string, string | string[]>;

const control = ['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'member_status'];
const pageLimit = 1000;
const sortKeys = Object.keys(imageSchema.properties);

/** One page, and the path of the next one when there is more. */
export interface Page {
  images: View[];
  next: string | undefined;
}

/** Hidden images are left out unless asked for, as in Glance. */
export function applyQuery(views: View[], query: Query): Page {
  const wanted = Object.entries({ os_hidden: 'false', ...query }).filter(
    ([key]) => !control.includes(key),
  );
  const tests = wanted.flatMap(([key, values]) =>
    [values].flat().map((value) => testOf(key, value)),
  );
  const matching = views.filter((view) => tests.every((isMatch) => isMatch(view)));
  const sorted = matching.toSorted(orderOf(query));
  const limit = readLimit(query);
  const rest = afterMarker(sorted, query);
  const images = rest.slice(0, limit);
  const isMore = images.length > 0 && rest.length > limit;
  return { images, next: isMore ? nextPath(query, String(images.at(-1)?.['id'])) : undefined };
}

/** The test of one query value. A list of alternatives is read once, not for each image. */
function testOf(key: string, value: string): (view: View) => boolean {
  if (key === 'tag') return (view) => (view['tags'] as string[]).includes(value);
  if (key === 'visibility' && value === 'all') return () => true;
  if (key === 'size_min') return (view) => Number(view['size'] ?? 0) >= Number(value);
  if (key === 'size_max') return (view) => Number(view['size'] ?? 0) <= Number(value);
  const isIn = value.startsWith('in:') && new Set(splitList(value.slice('in:'.length)));
  return (view) => {
    const field = Object.hasOwn(view, key) ? view[key] : undefined;
    if (typeof field === 'boolean') return String(field) === value.toLowerCase();
    const text = typeof field === 'string' || typeof field === 'number' ? String(field) : '';
    return isIn === false ? text === value : isIn.has(text);
  };
}

/** Example: `a,"b,c"` → a and b,c. */
function splitList(text: string): string[] {
  const parts = text.match(/"[^"]*"|[^,]+/g) ?? [];
  return parts.map((part) => part.replace(/^"(.*)"$/, '$1'));
}

function orderOf(query: Query): (one: View, other: View) => number {
  const sort = [query['sort'] ?? []].flat().join(',');
  const keys = [query['sort_key'] ?? []].flat();
  const directions = [query['sort_dir'] ?? []].flat();
  const pairs =
    sort === ''
      ? keys.map((key, index) => [key, directions[index] ?? directions[0] ?? 'desc'] as const)
      : sort.split(',').map((part) => {
          const [key = '', direction = 'desc'] = part.split(':');
          return [key, direction] as const;
        });
  const orders = new Map<string, string>();
  for (const [key, direction] of pairs) {
    refuseUnknown('sort_key', key, sortKeys);
    refuseUnknown('sort_dir', direction, ['asc', 'desc']);
    if (!orders.has(key)) orders.set(key, direction);
  }
  return (one, other) => {
    for (const [key, direction] of orders) {
      const order = compare(one[key], other[key]);
      if (order !== 0) return direction === 'asc' ? order : -order;
    }
    return 0;
  };
}

function refuseUnknown(field: string, value: string, known: string[]): void {
  if (known.includes(value)) return;
  throw new ComputeError(
    'invalid',
    `query.${field}: '${value}' must be one of ${known.join(', ')}`,
  );
}

function compare(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one).localeCompare(String(other));
}

function readLimit(query: Query): number {
  const text = query['limit'];
  if (text === undefined) return pageLimit;
  const limit = Number(text);
  if (text !== '' && Number.isInteger(limit) && limit >= 0) return Math.min(limit, pageLimit);
  throw new ComputeError('invalid', `query.limit: '${String(text)}' is no number from 0`);
}

function afterMarker(views: View[], query: Query): View[] {
  const marker = query['marker'];
  if (marker === undefined) return views;
  const at = views.findIndex((view) => view['id'] === marker);
  if (at >= 0) return views.slice(at + 1);
  throw new ComputeError('invalid', `query.marker: '${String(marker)}' is no id of this list`);
}

function nextPath(query: Query, marker: string): string {
  return `/v2/images?${queryText({ ...query, marker })}`;
}

/** Example: `{ name: 'tiny' }` → `name=tiny`. */
export function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, values]) =>
    [values].flat().map((value): [string, string] => [key, value]),
  );
  return new URLSearchParams(pairs).toString();
}
