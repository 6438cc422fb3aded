/**
 * The query of a list of images. Unknown keys are ignored. Source: Nova's API before 2.36, "List
 * images".
 */
import type { ImageQuery } from '#core/images/image-query.ts';
import { queryValue } from '#http/routes/query.ts';
import { idOfReference } from '../requests/fields.ts';
import { atSecond } from '../requests/links.ts';
import { longestPage, pageLimit, queryCount, queryTime } from '../requests/paging.ts';
import type { Query } from '../requests/route.ts';
import { splitNames } from '../requests/split-names.ts';

/** Beside `property-NAME`, which filters by a property. */
export const imageKeys = splitNames(
  'changes-since limit marker minDisk minRam name server status type',
);

/**
 * Throws `invalid`. Example: `?server=http://h:8774/v2.1/servers/5f…&status=ACTIVE` → `{ status:
 * 'active', properties: { instance_uuid: '5f…' }, limit: 1000 }`.
 */
export function readImageQuery(query: Query): ImageQuery {
  const changedSince = queryTime(query, 'changes-since');
  return {
    name: queryValue(query, 'name'),
    status: queryValue(query, 'status')?.toLowerCase(),
    changedSince: changedSince === undefined ? undefined : atSecond(changedSince),
    minMemoryMib: queryCount(query, 'minRam'),
    minDiskGib: queryCount(query, 'minDisk'),
    properties: propertiesIn(query),
    // A limit of 0 is none.
    limit: pageLimit(query) || longestPage,
    after: queryValue(query, 'marker'),
  };
}

const prefix = 'property-';

function propertiesIn(query: Query): Record<string, string> {
  const server = queryValue(query, 'server');
  const type = queryValue(query, 'type');
  const named = Object.keys(query).filter((key) => key.startsWith(prefix));
  return {
    ...Object.fromEntries(
      named.map((key) => [key.slice(prefix.length), queryValue(query, key) ?? '']),
    ),
    ...(server !== undefined && { instance_uuid: idOfReference(server) }),
    ...(type !== undefined && { image_type: type }),
  };
}
