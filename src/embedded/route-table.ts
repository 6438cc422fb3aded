/** A service's routes as one table, and its mounting on fastify. Who the caller is comes from the guard given. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** A call without a token. `query` values are lists where a key was repeated. */
export interface OpenCall {
  params: Record<string, string>;
  query: Record<string, string | string[]>;
  body: unknown;
  /** How the client reached us. Example: `http://127.0.0.1:9696`. */
  baseUrl: string;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** A call with a token that was found good. */
export interface GuardedCall<Who> extends OpenCall {
  caller: Who;
}

/** One row: the answer is the body; `status` is 200 unless named here. */
export interface Route<Call> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  status?: number;
  answer: (call: Call) => unknown;
}

export interface RouteTable<Who> {
  open: Route<OpenCall>[];
  guarded: Route<GuardedCall<Who>>[];
  /** Who calls. Throws `unauthenticated`. */
  guard: (request: FastifyRequest) => Promise<Who>;
}

/** Puts the table on the app. Guarded routes check the token before they read the body. */
export function mountRoutes<Who>(app: FastifyInstance, table: RouteTable<Who>): void {
  for (const { method, path, status, answer } of table.open) {
    app.route({
      method,
      url: path,
      handler: async (request, reply) =>
        reply.code(status ?? 200).send(await answer(openCall(request, reply))),
    });
  }
  const callers = new WeakMap<FastifyRequest, Who>();
  for (const { method, path, status, answer } of table.guarded) {
    app.route({
      method,
      url: path,
      onRequest: async (request) => {
        callers.set(request, await table.guard(request));
      },
      handler: async (request, reply) => {
        const call = { ...openCall(request, reply), caller: callers.get(request) as Who };
        return reply.code(status ?? 200).send(await answer(call));
      },
    });
  }
}

function openCall(request: FastifyRequest, reply: FastifyReply): OpenCall {
  return {
    params: request.params as OpenCall['params'],
    query: request.query as OpenCall['query'],
    body: request.body,
    baseUrl: `${request.protocol}://${request.host}`,
    request,
    reply,
  };
}
