/** A row of a route table, and its handler's input and result. */
import type { FastifyRequest } from 'fastify';
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
  /** As it came; a row that takes one reads it with `taking`. */
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
  body?: unknown;
  headers?: Record<string, string | number>;
}

type Answered = Reply | undefined;
// oxlint-disable-next-line typescript/no-invalid-void-type -- an act that returns nothing is a handler
export type Handler<Call> = (call: Call) => Answered | void | Promise<Answered | void>;

interface Row<Call> {
  method: Method;
  /** Below the table's prefix. Example: `/servers/:id`. */
  path: string;
  /** The key of the body that names the action, on `POST …/action`. */
  action?: string;
  /** Default 200. A function where the call decides. */
  status?: number | ((call: Call) => number);
  /** Of every answer of the handler, a refusal too. */
  headers?: Record<string, string>;
}

/** A row that requires a token. `handler` undefined: known, not offered; answers 501. */
export interface GuardedRoute<Call> extends Row<Call> {
  rule: Access;
  handler?: Handler<Call>;
}

/** A row that requires no token. */
export interface OpenRoute extends Row<OpenCall> {
  rule: 'anybody';
  handler: Handler<OpenCall>;
}

export type Route<Call extends OpenCall> = GuardedRoute<Call> | OpenRoute;

/** Reads a body. Throws `invalid`, naming field, value and rule. */
export type BodyReader<Call, Body> = (body: unknown, call: Call) => Body;

/**
 * A handler that is given its body as the reader returns it, with the reader's type. Example:
 * `taking(readTags, replaceTags)`.
 */
export function taking<Call extends OpenCall, Body, Answer>(
  read: BodyReader<Call, Body>,
  handler: (call: Omit<Call, 'body'> & { body: Body }) => Answer,
): (call: Call) => Answer {
  return (call) => handler({ ...call, body: read(call.body, call) });
}

/** Example: `POST /servers/:id/action os-start`. */
export function titleOf(row: Pick<Row<never>, 'method' | 'path' | 'action'>): string {
  const action = row.action === undefined ? '' : ` ${row.action}`;
  return `${row.method} ${row.path}${action}`;
}
