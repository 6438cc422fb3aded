/** Which images a list shows, in which order, and how it is cut into pages. */
import type { StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Order } from '#http/lists/order.ts';
import { limitOf, pageQuery } from '#http/lists/page.ts';
import { badValue, type Query } from './filter-values.ts';
import { controlKeys, imageTest, type ImageTest } from './image-filters.ts';
import { orderOf } from './list-order.ts';

const memberStatuses = ['pending', 'accepted', 'rejected', 'all'] as const;
export type MemberStatusFilter = (typeof memberStatuses)[number];

/** A list's query, read. */
export interface ListQuery {
  isMatch: ImageTest;
  order: Order<StoredImage>;
  /** Of one page. */
  limit: number;
  /** The id of the image that the page begins after. */
  marker: string | undefined;
  memberStatus: MemberStatusFilter;
  /** Does it include community images of other projects? */
  includesCommunity: boolean;
}

/** Source: Glance's `api_limit_max`. */
const longestPage = 1000;

/**
 * Hidden images are left out unless requested, as in Glance. Throws `invalid`, naming key and
 * value.
 */
export function readListQuery(query: Query): ListQuery {
  const tests = Object.entries({ os_hidden: 'false', ...query })
    .filter(([key]) => !controlKeys.includes(key))
    .flatMap(([key, values]) => [values].flat().map((value) => imageTest(key, value)));
  return {
    isMatch: (image) => tests.every((test) => test(image)),
    order: orderOf(query),
    limit: limitOf(single(query, 'limit'), {
      form: /^\s*\+?\d+\s*$/,
      standard: longestPage,
      most: longestPage,
      refusal: (text) => badValue('limit', text, 'must be a whole number of at least 0'),
    }),
    marker: single(query, 'marker'),
    memberStatus: readMemberStatus(query),
    includesCommunity: [query['visibility'] ?? []]
      .flat()
      .some((value) => value === 'community' || value === 'all'),
  };
}

function readMemberStatus(query: Query): MemberStatusFilter {
  const text = single(query, 'member_status') ?? 'accepted';
  const status = memberStatuses.find((known) => known === text);
  if (status !== undefined) return status;
  throw badValue('member_status', text, `must be one of ${memberStatuses.join(', ')}`);
}

function single(query: Query, key: string): string | undefined {
  const value = query[key];
  if (!Array.isArray(value)) return value;
  throw new ComputeError('invalid', `query.${key}: is given ${value.length} times`);
}

/** The texts of one page have at most this many characters, so that no list delays others. */
const mostText = 1_000_000;

/**
 * The images of one page, and whether there are more. `after`: the last image of the previous page.
 */
export function pageOf(
  images: StoredImage[],
  { isMatch, order, limit }: ListQuery,
  after: StoredImage | undefined,
): { page: StoredImage[]; isMore: boolean } {
  const rest = images
    .filter((image) => isMatch(image) && (after === undefined || order(after, image) < 0))
    .toSorted(order);
  let text = 0;
  const tooMuch = rest.findIndex((image, at) => {
    text += textOf(image);
    return at > 0 && text > mostText;
  });
  const page = rest.slice(0, tooMuch < 0 ? limit : Math.min(limit, tooMuch));
  return { page, isMore: page.length > 0 && rest.length > page.length };
}

function textOf({ properties, tags }: StoredImage): number {
  const texts = [...Object.entries(properties).flat(), ...tags];
  return texts.reduce((sum, text) => sum + text.length, 500);
}

/**
 * The path of the list, of its first page or of the page after an image. Example:
 * `/v2/images?limit=1&marker=5f…`.
 */
export function listPath(query: Query, marker?: string): string {
  const text = pageQuery(query, { marker, without: ['marker'] }).toString();
  return text === '' ? '/v2/images' : `/v2/images?${text}`;
}
