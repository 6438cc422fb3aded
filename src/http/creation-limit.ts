/** How fast the members of a project may create things. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';
import type { RateLimit } from '#runtime/timing/rate-limit.ts';
import { userOf } from './request-log.ts';

export interface CreationLimit {
  limit: RateLimit;
  /** What the project may create each minute; 0: no limit. */
  perMinute: (project: { id: string; name: string }) => number;
  /** No request counts as more: one for more is refused by its handler, and creates nothing. */
  most: number;
}

/**
 * Refuses what exceeds the limit with 429 and `Retry-After`, once the caller is known and before a
 * handler runs. Each POST counts as one, a `POST …/servers` as its number of servers, and a list of
 * ports, networks, … as its length. The actions of a server do not count: it has one at a time.
 * Administrators and services are not limited.
 */
export function limitCreations(
  app: FastifyInstance,
  { limit, perMinute, most }: CreationLimit,
): void {
  app.addHook('preHandler', (request, _reply, done) => {
    const user = userOf(request);
    if (user === undefined || user.isAdmin === true || user.roles?.includes('service') === true) {
      return done();
    }
    const count = Math.min(creationsIn(request), most);
    const share = perMinute({ id: user.projectId, name: user.projectName ?? '' });
    if (count === 0 || share === 0) return done();
    const seconds = limit.take(user.projectId, { count, perMinute: share });
    if (seconds === 0) return done();
    throw new ComputeError(
      'tooManyRequests',
      `This project may create ${share} things a minute (rate_limits.creations): retry in ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  });
}

function creationsIn(request: FastifyRequest): number {
  if (request.method !== 'POST') return 0;
  const resource = lastPartOf(request);
  if (resource === 'action') return 0;
  if (resource === 'servers') return serversIn(request.body);
  const { [resource.replaceAll('-', '_')]: list } = (request.body ?? {}) as Record<string, unknown>;
  return Array.isArray(list) ? Math.max(1, list.length) : 1;
}

/**
 * Of the path as it was routed, not of the URL: that may have escaped letters or a fragment.
 * Example: `/v2.1/%73ervers#x` → `servers`.
 */
function lastPartOf({ params, routeOptions }: FastifyRequest): string {
  const { '*': below } = (params ?? {}) as { '*'?: string };
  const parts = (below ?? routeOptions.url ?? '').split('/').filter((part) => part !== '');
  return parts.at(-1) ?? '';
}

/** Its handler refuses one of another form. */
function serversIn(body: unknown): number {
  const { server } = (body ?? {}) as { server?: { max_count?: unknown; min_count?: unknown } };
  const count = Number(server?.max_count ?? server?.min_count ?? 1);
  return Number.isInteger(count) && count > 0 ? count : 1;
}
