/** A row of the compute API: a row of any service, and the microversions that have it. */
import type { Static, TSchema } from 'typebox';
import type { Caller } from '#contracts/services/identity.ts';
import {
  type GuardedRoute,
  type Handler as HandlerOf,
  type OpenCall,
  withBody as withBodyOf,
} from '#http/routes/route.ts';
import type { RuleName } from '#core/access/rules/standard-rules.ts';
import type { ComputePolicy } from '#core/access/rules/compute-policy.ts';
import type { ApiContext } from './context.ts';
import { readBody } from './json-schema.ts';

export type { Query } from '#http/routes/query.ts';
export type { Method, Reply } from '#http/routes/route.ts';

/** What a call of this API has beside what every call has. */
export interface Accepted {
  context: ApiContext;
  caller: Caller;
  /** The rules in force when the request came. */
  policy: ComputePolicy;
  /** The minor number: 96 for 2.96. */
  version: number;
  /** Mistakes of older clients in a body are tolerated, not refused, as in v2. */
  isLenient: boolean;
  /** Before paths of this API, as the client wrote it. Example: `http://h:8774/v2.1`. */
  base: string;
  /** Without the version, for bookmark links. Example: `http://h:8774`. */
  root: string;
}

/** An authenticated call in an accepted microversion. */
export type Call<Body = unknown> = Omit<OpenCall, 'body'> &
  Accepted & {
    body: Body;
    /** Of its row. */
    rule: RouteRule;
  };

export type Handler = HandlerOf<Call>;

/** The schema of a body in a microversion. One object per range, so that it is compiled once. */
export type BodySchema<Schema extends TSchema = TSchema> = (version: number) => Schema;

/**
 * The rule of a row. Of several at least one must hold, and the call decides which: a migration to
 * a host of choice has another than one without. `signed-in`: Nova has no rule for it.
 */
export type RouteRule = RuleName | readonly RuleName[] | 'signed-in';

export interface Route extends Omit<GuardedRoute<Call, RouteRule>, 'status'> {
  status?: number | ((call: Pick<Call, 'version'>) => number);
  /** First and last minor version that has it; default: all. */
  from?: number;
  to?: number;
  body?: BodySchema;
  /** Query keys that may come; others are refused from `queryFrom` on, by default 2.75. */
  query?: readonly string[];
  queryFrom?: number;
}

/**
 * A body and its handler, which gets what the schema describes. Example:
 * `{ ...adds, path: '/servers', ...withBody(createServerBody, createServer) }`.
 */
export function withBody<Schema extends TSchema>(
  body: BodySchema<Schema>,
  handler: HandlerOf<Call<Static<Schema>>>,
): Required<Pick<Route, 'body' | 'handler'>> {
  const read = (given: unknown, { version, isLenient }: Call) =>
    readBody(body(version), given, isLenient);
  return withBodyOf({ schema: body, read }, handler);
}

/** Does this microversion have the row? */
export function isInVersion(route: Pick<Route, 'from' | 'to'>, version: number): boolean {
  return version >= (route.from ?? 1) && version <= (route.to ?? Number.POSITIVE_INFINITY);
}
