/** All servers of the cloud, page by page. */
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';

/** What is read of a server. */
export interface ServerView {
  id: string;
  name: string;
  status: string;
  updated: string;
  fault?: { message: string };
  'OS-EXT-STS:task_state': string | null;
}

const pageSize = 500;

/** Of all projects. Throws `forbidden` for who is no administrator. */
export async function allServers(session: Session): Promise<ServerView[]> {
  const all: ServerView[] = [];
  for (;;) {
    const query = new URLSearchParams({ all_tenants: 'True', limit: String(pageSize) });
    const last = all.at(-1);
    if (last !== undefined) query.set('marker', last.id);
    const { servers } = await request<{ servers: ServerView[] }>(session, {
      service: 'compute',
      path: `/servers/detail?${query.toString()}`,
      microversion,
    });
    all.push(...servers);
    if (servers.length < pageSize) return all;
  }
}
