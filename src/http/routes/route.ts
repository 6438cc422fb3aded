/** A row of a route table, and its handler's input and result. */
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Rule } from '#core/access/policy.ts';
import type { Query } from './query.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may make a call: a caller that one of these rules admits; `signed-in`: every valid token, one
 * without a role too.
 */
export type Access = Rule | readonly Rule[] | 'signed-in';

/** What every call has, a call without a token too. */
export interface OpenCall {
  params: Record<string, string>;
  query: Query;
  /** As it came; a row that takes one gets it read by `withBody`. */
  body: unknown;
  requestId: string;
  /** How the client reached us. Example: `http://127.0.0.1:9696`. */
  origin: string;
  /** Of the resource, without prefix and query. Example: `/servers/detail`. */
  path: string;
  request: FastifyRequest;
}

/** `status` where it is not the row's. A handler that returns nothing answers without a body. */
export interface Reply {
  status?: number;
  /** An object that becomes JSON, a `JsonText`, or a stream. */
  body?: unknown;
  headers?: Record<string, string | number>;
}

type Answered = Reply | undefined;
// oxlint-disable-next-line typescript/no-invalid-void-type -- an act that returns nothing is a handler
export type Handler<Call> = (call: Call) => Answered | void | Promise<Answered | void>;

/** The schema of a body. Services without versions have the same in all. */
export type SchemaOf = (version: number) => TSchema;

interface Row<Call> {
  method: Method;
  /** Below the table's prefix. Example: `/servers/:id`. */
  path: string;
  /** The key of the body that names the action, on `POST …/action`. */
  action?: string;
  /** Of the body that it takes, in each version of an API that has several. */
  body?: SchemaOf;
  /** Default 200. A function where the call decides. */
  status?: number | ((call: Call) => number);
  /** Of every answer of the handler, a refusal too. */
  headers?: Record<string, string>;
}

/** A rule of a service with named rules. Example: `os_compute_api:servers:create`. */
export type NamedRule = `${string}:${string}`;
export type Guard = Access | NamedRule | readonly NamedRule[];

/** A row that requires a token. `handler` undefined: known, not offered; answers 501. */
export interface GuardedRoute<Call, By extends Guard = Access> extends Row<Call> {
  rule: By;
  handler?: Handler<Call>;
}

/** A row that requires no token. */
export interface OpenRoute extends Row<OpenCall> {
  rule: 'anybody';
  handler: Handler<OpenCall>;
}

export type Route<Call extends OpenCall, By extends Guard = Access> =
  | GuardedRoute<Call, By>
  | OpenRoute;

/** Reads a body. Throws `invalid`, naming field, value and rule. */
export type BodyReader<Call, Body> = (body: unknown, call: Call) => Body;

/** What a row takes: the schema that the table shows, and how the handler's body is read. */
export interface BodyOf<Call, Body> {
  schema: SchemaOf;
  read: BodyReader<Call, Body>;
}

/**
 * The two parts of a row that takes a body: its schema, and a handler that is given the body as it
 * was read, with its type. Example: `{ ...path, ...withBody(newTags, replaceTags) }`.
 */
export function withBody<Call extends OpenCall, Body, Answer>(
  { schema, read }: BodyOf<Call, Body>,
  handler: (call: Omit<Call, 'body'> & { body: Body }) => Answer,
): { body: SchemaOf; handler: (call: Call) => Answer } {
  return {
    body: schema,
    handler: (call) => handler({ ...call, body: read(call.body, call) }),
  };
}

/** Example: `POST /servers/:id/action os-start`. */
export function titleOf(row: Pick<Row<never>, 'method' | 'path' | 'action'>): string {
  const action = row.action === undefined ? '' : ` ${row.action}`;
  return `${row.method} ${row.path}${action}`;
}
