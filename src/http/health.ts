/** Health endpoints for load balancers and service managers: no token, no details. */
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * Why requests would fail now, in short without paths or names; undefined: they would not. Example:
 * `disk full`.
 */
export type ReadyCheck = () => Promise<string | undefined>;

/**
 * Adds `GET /healthcheck` and `/readyz`: 200 `OK`, or 503 with the reason; and `/healthz` and
 * `/livez`: 200 as long as the process answers. Plain text, never kept by a cache. Source:
 * oslo.middleware's healthcheck.
 */
export function mountHealth(app: FastifyInstance, check: ReadyCheck): void {
  const send = (reply: FastifyReply, problem?: string) =>
    reply
      .code(problem === undefined ? 200 : 503)
      .header('cache-control', 'no-store')
      .type('text/plain; charset=utf-8')
      .send(problem ?? 'OK');
  for (const url of ['/healthcheck', '/readyz']) {
    app.get(url, async (_request, reply) => send(reply, await check()));
  }
  for (const url of ['/healthz', '/livez']) app.get(url, (_request, reply) => send(reply));
}
