/**
 * The order of a list of images. Source: Glance's API, "List images": `sort_key` with `sort_dir`,
 * or `sort`.
 */
import type { StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Query } from './filter-values.ts';

/** Negative: `one` comes first. Two images are never equal. */
export type Order = (one: StoredImage, other: StoredImage) => number;

const fields: Record<string, (image: StoredImage) => string | number | null> = {
  name: ({ name }) => name,
  status: ({ status }) => status,
  container_format: ({ containerFormat }) => containerFormat,
  disk_format: ({ diskFormat }) => diskFormat,
  size: ({ sizeBytes }) => sizeBytes,
  id: ({ id }) => id,
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt,
};

/**
 * Newest first unless the query specifies otherwise; ties are in the order of creation and id.
 * Throws `invalid`.
 */
export function orderOf(query: Query): Order {
  const { keys, directions } = sortOf(query);
  for (const key of keys) refuseUnknown('sort_key', key, Object.keys(fields));
  for (const direction of directions) refuseUnknown('sort_dir', direction, ['asc', 'desc']);
  const [only = 'desc'] = directions;
  const rest = directions.length > 1 ? 'desc' : only;
  const orders = new Map<string, string>();
  keys.forEach((key, at) => {
    if (!orders.has(key)) orders.set(key, directions.length > 1 ? (directions[at] ?? only) : only);
  });
  for (const key of ['created_at', 'id']) if (!orders.has(key)) orders.set(key, rest);
  const steps = [...orders].map(([key, direction]) => ({
    field: fields[key] ?? (() => null),
    sign: direction === 'asc' ? 1 : -1,
  }));
  return (one, other) => {
    for (const { field, sign } of steps) {
      const order = compare(field(one), field(other));
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

function sortOf(query: Query): { keys: string[]; directions: string[] } {
  const valuesOf = (key: string) => [query[key] ?? []].flat().map((value) => value.trim());
  const keys = valuesOf('sort_key');
  const directions = valuesOf('sort_dir');
  if (query['sort'] === undefined) {
    if (directions.length <= 1 || directions.length === keys.length) return { keys, directions };
    throw new ComputeError(
      'invalid',
      `query.sort_dir: ${directions.length} directions for ${keys.length} sort keys: give one, or one for each`,
    );
  }
  if (keys.length > 0 || directions.length > 0) {
    throw new ComputeError('invalid', 'query.sort: cannot be combined with sort_key and sort_dir');
  }
  const pairs = valuesOf('sort')
    .join(',')
    .split(',')
    .map((pair) => /^([^:]*):?(.*)$/s.exec(pair)?.slice(1) ?? []);
  return {
    keys: pairs.map(([key = '']) => key.trim()),
    directions: pairs.map(([, direction = '']) => direction.trim() || 'desc'),
  };
}

function refuseUnknown(field: string, value: string, known: string[]): void {
  if (known.includes(value)) return;
  throw new ComputeError(
    'invalid',
    `query.${field}: '${value}' must be one of ${known.join(', ')}`,
  );
}

/** Absent values come before all others. */
function compare(one: string | number | null, other: string | number | null): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  return one < other ? -1 : 1;
}
