/**
 * A service's routes as one table, and its mounting on fastify. Who the caller is comes from the
 * guard given.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, allows, type Rule } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { originOf } from '#http/origin.ts';

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

/**
 * One row: the answer is the body; `status` is 200 unless named here, or set on the reply by the
 * answer.
 */
export interface Route<Call> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  status?: number;
  answer: (call: Call) => unknown;
}

/** A caller that one of these rules admits; `anyone`: every good token, without a role too. */
export type Admitted = 'anyone' | readonly Rule[];

/** A row that asks for a token, and for a role. */
export interface GuardedRoute<Who> extends Route<GuardedCall<Who>> {
  admits: Admitted;
}

export interface RouteTable<Who> {
  open: Route<OpenCall>[];
  guarded: GuardedRoute<Who>[];
  /** Who calls. Throws `unauthenticated`. */
  guard: (request: FastifyRequest) => Promise<Who>;
  /** The roles of who calls. */
  actorOf: (who: Who) => Actor;
  /** What a path or method without a row is answered. */
  unknown: (request: FastifyRequest) => ComputeError;
  /** Where clients reach the service. Absent: as each request came. */
  publicUrl?: string;
}

/** Puts the table on the app. Guarded routes check token and role before they read the body. */
export function mountRoutes<Who>(app: FastifyInstance, table: RouteTable<Who>): void {
  const callOf = (request: FastifyRequest, reply: FastifyReply) =>
    openCall(request, reply, table.publicUrl);
  for (const { method, path, status, answer } of table.open) {
    app.route({
      method,
      url: path,
      handler: async (request, reply) => send(reply, status, await answer(callOf(request, reply))),
    });
  }
  const callers = new WeakMap<FastifyRequest, Who>();
  for (const { method, path, status, admits, answer } of table.guarded) {
    app.route({
      method,
      url: path,
      onRequest: async (request) => {
        const who = await table.guard(request);
        refuseWithoutRole(admits, table.actorOf(who), `${method} ${path}`);
        callers.set(request, who);
      },
      handler: async (request, reply) => {
        const call = { ...callOf(request, reply), caller: callers.get(request) as Who };
        return send(reply, status, await answer(call));
      },
    });
  }
  refuseOtherMethods(app, table);
}

function send(reply: FastifyReply, status: number | undefined, body: unknown): FastifyReply {
  if (status !== undefined) reply.code(status);
  return reply.send(body);
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** A known path asked with another method answers 405, unless the full service has that method. */
function refuseOtherMethods<Who>(app: FastifyInstance, table: RouteTable<Who>): void {
  const open = new Set(table.open.map(({ path }) => path));
  const paths = Map.groupBy([...table.open, ...table.guarded], ({ path }) => path);
  for (const [path, rows] of paths) {
    const there = new Set<string>(rows.map(({ method }) => method));
    const allow = [...there].join(', ');
    if (there.has('GET')) there.add('HEAD');
    app.route({
      method: methods.filter((method) => !there.has(method)),
      url: path,
      onRequest: async (request) => {
        if (!open.has(path)) await table.guard(request);
      },
      handler: (request, reply) => {
        const error = table.unknown(request);
        if (error.kind === 'notImplemented') throw error;
        reply.header('allow', allow);
        throw new ComputeError(
          'badMethod',
          `${request.method} is not a method of ${path}; it has ${allow}.`,
        );
      },
    });
  }
}

function refuseWithoutRole(admits: Admitted, actor: Actor, act: string): void {
  if (admits === 'anyone' || admits.some((rule) => allows(rule, actor))) return;
  throw new ComputeError(
    'forbidden',
    `${act} is disallowed by policy: it needs the role ${admits.join(' or ')}.`,
  );
}

function openCall(request: FastifyRequest, reply: FastifyReply, publicUrl?: string): OpenCall {
  return {
    params: request.params as OpenCall['params'],
    query: request.query as OpenCall['query'],
    body: request.body,
    baseUrl: originOf(request, publicUrl),
    request,
    reply,
  };
}
