/** The filters of a list of images. A key that is not an attribute of an image names a property. */
import { imageVisibilities, type StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { badValue, readFlag, readWhole, textTest, timeTest } from './filter-values.ts';

export type ImageTest = (image: StoredImage) => boolean;

/** Keys of the query that are not filters. */
export const controlKeys = ['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'member_status'];

const texts: Record<string, (image: StoredImage) => string | null> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  status: ({ status }) => status,
  disk_format: ({ diskFormat }) => diskFormat,
  container_format: ({ containerFormat }) => containerFormat,
};

/** Without operators. */
const plainTexts: Record<string, (image: StoredImage) => string | null> = {
  owner: ({ projectId }) => projectId,
  checksum: ({ md5 }) => md5,
  os_hash_value: ({ sha512 }) => sha512,
  os_hash_algo: ({ sha512 }) => (sha512 === null ? null : 'sha512'),
};

const numbers: Record<string, (image: StoredImage) => number | null> = {
  size: ({ sizeBytes }) => sizeBytes,
  virtual_size: virtualSize,
  min_disk: ({ minDiskGib }) => minDiskGib,
  min_ram: ({ minMemoryMib }) => minMemoryMib,
};

const times: Record<string, (image: StoredImage) => number> = {
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt,
};

const flags: Record<string, (image: StoredImage) => boolean> = {
  protected: ({ isProtected }) => isProtected,
  os_hidden: ({ isHidden }) => isHidden,
  deleted: () => false,
};

/** Only of a raw image is it known without looking inside. */
export function virtualSize({ diskFormat, sizeBytes }: StoredImage): number | null {
  return diskFormat === 'raw' ? sizeBytes : null;
}

/**
 * The test of one value of the query. Throws `invalid` for a value that the filter cannot have.
 * Example: `size_min`, `1000`.
 */
export function imageTest(key: string, value: string): ImageTest {
  if (key === 'tag') {
    const tag = value.trim();
    return ({ tags }) => tags.includes(tag);
  }
  if (key === 'visibility') return visibilityTest(value);
  if (key === 'changes-since') throw badValue(key, value, 'is not a filter of the image API v2');
  const text = own(texts, key);
  if (text !== undefined) {
    const test = textTest(key, value);
    return (image) => test(text(image));
  }
  const time = own(times, key);
  if (time !== undefined) {
    const test = timeTest(key, value);
    return (image) => test(time(image));
  }
  const flag = own(flags, key);
  if (flag !== undefined) {
    const wanted = readFlag(key, value);
    return (image) => flag(image) === wanted;
  }
  return numberTest(key, value) ?? exactTest(key, value);
}

/**
 * Equality, or a range by the endings `_min` and `_max`. undefined: the key is not a number of
 * an image.
 */
function numberTest(key: string, value: string): ImageTest | undefined {
  const number = own(numbers, key);
  const ranged = own(numbers, key.slice(0, -4));
  if (number !== undefined) {
    const wanted = readWhole(key, value);
    return (image) => number(image) === wanted;
  }
  if (ranged === undefined || !/_(min|max)$/.test(key)) return undefined;
  const bound = readWhole(key, value);
  const isWithin = key.endsWith('_min')
    ? (size: number) => size >= bound
    : (size: number) => size <= bound;
  return (image) => {
    const size = ranged(image);
    return size !== null && isWithin(size);
  };
}

function exactTest(key: string, value: string): ImageTest {
  const plain = own(plainTexts, key);
  if (plain !== undefined) return (image) => plain(image) === value;
  return ({ properties }) => own(properties, key) === value;
}

function visibilityTest(value: string): ImageTest {
  const known = [...imageVisibilities, 'all'];
  if (!known.includes(value)) {
    throw new ComputeError(
      'invalid',
      `query.visibility: '${value}' must be one of ${known.join(', ')}`,
    );
  }
  return ({ visibility }) => value === 'all' || visibility === value;
}

function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
