/**
 * One line in the log for each request: what, by whom, and the result. Never a body, a header, or a
 * query.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type RequestIds, requestIds } from '#core/request-ids.ts';

/** Ids and names, as the identity service has them. */
export interface RequestUser {
  userId: string;
  projectId: string;
  projectName?: string;
  roles?: readonly string[];
  isAdmin?: boolean;
}

const users = new WeakMap<FastifyRequest, RequestUser>();

/** The user of the request, once its token is validated. */
export function noteUser(request: FastifyRequest, user: RequestUser): void {
  users.set(request, user);
}

/** undefined: the request has no validated token. */
export function userOf(request: FastifyRequest): RequestUser | undefined {
  return users.get(request);
}

/** Its own id, and that of the client's own request if it has sent one. */
export function idsOf({ id, headers }: FastifyRequest): RequestIds {
  return requestIds(id, headers['x-openstack-request-id']);
}

/** Paths that a load balancer requests every few seconds. */
const probes = new Set(['/healthcheck', '/livez', '/readyz']);

/**
 * Logs each request of this service once it is answered, at level info; probes at debug.
 * `withoutSecrets` replaces the parts of a path that must not be logged. Example:
 * `{"method":"GET","path":"/v2.1/servers","status":200,"ms":12,"requestId":"req-…","user":"…","project":"…","msg":"GET
 * /v2.1/servers 200"}`.
 */
export function logRequests(
  app: FastifyInstance,
  withoutSecrets: (path: string) => string = (path) => path,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    const path = withoutSecrets(request.url.split('?')[0] ?? '');
    const level = probes.has(path) ? 'debug' : 'info';
    const user = userOf(request);
    app.log[level](
      {
        method: request.method,
        path,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        ...idsOf(request),
        ...(user && { user: user.userId, project: user.projectId }),
      },
      `${request.method} ${path} ${reply.statusCode}`,
    );
    done();
  });
}
