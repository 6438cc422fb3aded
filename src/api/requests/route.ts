/** A row of the route table, and what a handler is given and gives back. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Rule } from '#core/access/policy.ts';
import type { ApiContext } from './context.ts';
import type { JsonSchema } from './json-schema.ts';

/** Query values; a list where a key was repeated. */
export type Query = Record<string, string | string[] | undefined>;

/** An authenticated call in an accepted microversion, its body checked. */
export interface Call<Body = unknown> {
  context: ApiContext;
  caller: Caller;
  /** The minor number: 79 for 2.79. */
  version: number;
  params: Record<string, string>;
  query: Query;
  body: Body;
  requestId: string;
  /** Before paths of this API, as the client wrote it. Example: `http://h:8774/v2.1`. */
  base: string;
  /** Without the version, for bookmark links. Example: `http://h:8774`. */
  root: string;
  /** The path of the call below `base`, without query. Example: `/servers/detail`. */
  path: string;
}

/** `status` when it is not the row's. */
export interface Reply {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export type Handler = (call: Call<never>) => Promise<Reply> | Reply;

/** The schema of a body in a microversion. One object per range, so that it is compiled once. */
export type BodySchema = (version: number) => JsonSchema;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Route {
  method: Method;
  /** Below the version prefix. Example: `/servers/:id`. */
  path: string;
  /** First and last minor version that has it; default: all. */
  from?: number;
  to?: number;
  /** The key of the body that names the action, on `POST …/action`. */
  action?: string;
  rule: Rule;
  /** Default 200. A function where the microversion decides. */
  status?: number | ((version: number) => number);
  body?: BodySchema;
  /** Query keys that may come; others are refused from `queryFrom` on, by default 2.75. */
  query?: readonly string[];
  queryFrom?: number;
  /** undefined: known, not offered yet; answers 501. */
  handler?: Handler;
}

/** Is the row there in this microversion? */
export function isInVersion(route: Route, version: number): boolean {
  return version >= (route.from ?? 1) && version <= (route.to ?? Number.POSITIVE_INFINITY);
}
