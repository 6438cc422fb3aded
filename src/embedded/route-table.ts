/** The routes of an embedded service on its app. The guard identifies the caller. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '#contracts/services/identity.ts';
import type { Actor } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { admits } from '#http/routes/admits.ts';
import { mountRoutes as mountTable } from '#http/routes/mount.ts';
import {
  type BodyOf,
  type GuardedRoute as GuardedRouteOf,
  type Handler,
  type OpenCall,
  type OpenRoute,
  titleOf,
  withBody as withBodyOf,
} from '#http/routes/route.ts';

/** A call with a validated token. */
export type GuardedCall<Who, Body = unknown> = Omit<OpenCall, 'body'> & {
  caller: Who;
  body: Body;
};

/** A row that requires a token and a role. */
export type GuardedRoute<Who> = GuardedRouteOf<GuardedCall<Who>>;

export interface RouteTable<Who> {
  open: readonly OpenRoute[];
  guarded: readonly GuardedRoute<Who>[];
  /** The caller. Throws `unauthenticated`. */
  guard: (request: FastifyRequest) => Promise<Who>;
  /** The roles of the caller. */
  actorOf: (who: Who) => Actor;
  /** The answer for a path or method without a row. */
  unknown: (request: FastifyRequest) => ComputeError;
  /** Where clients reach the service. Absent: as each request came. */
  publicUrl?: string;
}

/**
 * A body and its handler, which gets what the schema describes. Example:
 * `{ method: 'PUT', path, rule, ...withBody(memberAnswer, answer) }`.
 */
export function withBody<Body>(
  body: BodyOf<GuardedCall<Caller>, Body>,
  handler: Handler<GuardedCall<Caller, Body>>,
): Required<Pick<GuardedRoute<Caller>, 'body' | 'handler'>> {
  return withBodyOf(body, handler);
}

/** Puts the table on the app. */
export function mountRoutes<Who>(app: FastifyInstance, table: RouteTable<Who>): void {
  mountTable<{ caller: Who }, OpenRoute | GuardedRoute<Who>>(app, {
    prefix: '',
    routes: [...table.open, ...table.guarded],
    publicUrl: table.publicUrl,
    accept: async (request) => ({ caller: await table.guard(request) }),
    admits: ({ rule }, { caller }) => admits(rule, table.actorOf(caller)),
    unknown: table.unknown,
    forbidden: (route) =>
      new ComputeError(
        'forbidden',
        `${titleOf(route)} is disallowed by policy: it needs the role ${[route.rule].flat().join(' or ')}.`,
      ),
  });
}
