/**
 * The order of a list of images. Source: Glance's API, "List images": `sort_key` with `sort_dir`,
 * or `sort`.
 */
import type { StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { type Order, orderBy } from '#http/lists/order.ts';
import type { Query } from './filter-values.ts';

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
 * Newest first unless the query specifies otherwise; ties are in the order of creation and id, so
 * that two images are never equal.
 * Throws `invalid`.
 */
export function orderOf(query: Query): Order<StoredImage> {
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
  return orderBy(
    [...orders].map(([key, direction]) => ({
      read: fields[key] ?? (() => null),
      sign: direction === 'asc' ? 1 : -1,
    })),
  );
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
