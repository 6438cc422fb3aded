/** Lists that come in pages, as one. */
import { request, type ServiceRequest } from './request.ts';
import type { Session } from './session.ts';

interface Link {
  rel: string;
  href: string;
}

type ListCall = Pick<ServiceRequest, 'service' | 'path' | 'microversion'>;

/**
 * Each page of a list as it comes. `key`: of the list in the answer; its links are beside it.
 * Example: `pagesOf(session, { service: 'operator', path: '/hosts' }, 'hosts')`.
 */
export async function* pagesOf<Page extends object>(
  session: Session,
  call: ListCall,
  key: keyof Page & string,
): AsyncGenerator<Page> {
  const [path = '', query = ''] = call.path.split('?');
  const keys = new URLSearchParams(query);
  for (;;) {
    const text = keys.toString();
    const page = await request<Page>(session, {
      ...call,
      path: text === '' ? path : `${path}?${text}`,
    });
    yield page;
    // Only the marker is taken: the service's own idea of its address may not be how it is reached
    // from here.
    const links = (page as Record<string, Link[] | undefined>)[`${key}_links`];
    const next = links?.find(({ rel }) => rel === 'next');
    const marker = next === undefined ? null : new URL(next.href).searchParams.get('marker');
    if (marker === null) return;
    keys.set('marker', marker);
  }
}

/**
 * All items of a list. Example: `allOf(session, { service: 'operator', path: '/hosts' }, 'hosts')`.
 */
export async function allOf<Item>(session: Session, call: ListCall, key: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pagesOf<Record<string, Item[]>>(session, call, key)) {
    items.push(...(page[key] ?? []));
  }
  return items;
}
