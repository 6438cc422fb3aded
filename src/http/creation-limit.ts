/** How fast the members of a project may create things. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';
import type { RateLimit } from '#runtime/timing/rate-limit.ts';
import { userOf } from './request-log.ts';

export interface CreationLimit {
  limit: RateLimit;
  /** What the project may create each minute; 0: no limit. */
  perMinute: (project: { id: string; name: string }) => number;
}

/**
 * Refuses what exceeds the limit with 429 and `Retry-After`, once the caller is known and before a
 * handler runs. Each POST counts as one, a `POST …/servers` as its number of servers. The actions
 * of a server do not count: it has one at a time. Administrators and services are not limited.
 */
export function limitCreations(app: FastifyInstance, { limit, perMinute }: CreationLimit): void {
  app.addHook('preHandler', (request, _reply, done) => {
    const user = userOf(request);
    if (user === undefined || user.isAdmin === true || user.roles?.includes('service') === true) {
      return done();
    }
    const count = creationsIn(request);
    const most = perMinute({ id: user.projectId, name: user.projectName ?? '' });
    if (count === 0 || most === 0) return done();
    const seconds = limit.take(user.projectId, { count, perMinute: most });
    if (seconds === 0) return done();
    throw new ComputeError(
      'tooManyRequests',
      `This project may create ${most} things a minute (rate_limits.creations): retry in ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  });
}

/** A client may add a fragment to the path, and encode any character of it. */
function creationsIn({ method, url, body }: FastifyRequest): number {
  const [path = ''] = url.split(/[?#]/);
  if (method !== 'POST' || /\/action\/?$/.test(path)) return 0;
  return serversIn(body);
}

/** Only the body of `POST …/servers` has a server; its handler refuses one of another form. */
function serversIn(body: unknown): number {
  const { server } = (body ?? {}) as { server?: { max_count?: unknown; min_count?: unknown } };
  const count = Number(server?.max_count ?? server?.min_count ?? 1);
  return Number.isInteger(count) && count > 0 ? count : 1;
}
