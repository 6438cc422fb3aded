/** Which hosts a call is for: a page of all of them by name. */
import type { HostPage, HostSummary } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { queryValue } from '#http/routes/query.ts';
import type { Link } from '../requests/links.ts';
import { nextLinks, pageLimit } from '../requests/paging.ts';
import type { Call } from '../requests/route.ts';
import { readHosts } from './host-pages.ts';

/**
 * In pages of at most `most`; the marker is a name. Throws `invalid` for a marker that no host has.
 */
export async function pageOfHosts<Host extends Pick<HostSummary, 'name' | 'number'>>(
  call: Call,
  read: (page: HostPage) => Promise<Host[]>,
  most = Number.POSITIVE_INFINITY,
): Promise<{ items: Host[]; links: Link[] }> {
  const limit = Math.min(pageLimit(call.query), most);
  const marker = queryValue(call.query, 'marker');
  if (marker !== undefined && (await call.context.store.hosts.named(marker)) === undefined) {
    throw new ComputeError('invalid', `marker [${marker}] not found`);
  }
  const items = await readHosts(read, { by: 'name', after: marker, limit });
  return { items, links: nextLinks(call, items, { limit, idOf: ({ name }) => name }) };
}

export function noSuchHost(name: string): ComputeError {
  return new ComputeError('notFound', `Host ${name} could not be found.`);
}
