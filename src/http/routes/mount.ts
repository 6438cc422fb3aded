/**
 * From a request to its row: path, caller, method, role, body, handler. Independent of services:
 * what a service adds, such as microversions, is in its `RouteTable`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';
import { originOf } from '../origin.ts';
import type { Query } from './query.ts';
import { JsonText } from './json-text.ts';
import { pathsOf } from './route-paths.ts';
import {
  type Guard,
  type GuardedRoute,
  type OpenCall,
  type Reply,
  type Route,
  titleOf,
} from './route.ts';

/**
 * The routes of one service below one prefix. `Given`: what its calls have beside what every call
 * has, such as who calls.
 */
export interface RouteTable<Given extends object, Row extends Route<OpenCall & Given, Guard>> {
  /** Before every path. Example: `/v2.1`; '' for none. */
  prefix: string;
  routes: readonly Row[];
  /** Where clients reach the service; undefined: as each request came. */
  publicUrl: string | undefined;
  /**
   * How much of the path, from the prefix on, stands before the resource's own. Default: nothing.
   * Example: `/0123…/servers` → `/0123…`.
   */
  leading?: (below: string) => string;
  /** Reads the caller, before the body is read. Throws `unauthenticated`. */
  accept: (request: FastifyRequest, reply: FastifyReply, place: Place) => Promise<Given>;
  /** May the caller make this call, as far as it is known before the body is read? */
  admits: (row: Guarded<Row>, given: Given) => boolean;
  /** Is the row there for this call? Default: yes. Example: by microversion. */
  isOffered?: (row: Row, given: Given) => boolean;
  /** What else a row refuses before its handler. Example: unknown keys of the query. */
  check?: (row: Row, call: OpenCall & Given) => void;
  /** The refusal of a path without a row, or of a method that belongs to what is not offered. */
  unknown: (request: FastifyRequest) => ComputeError;
  forbidden: (row: Guarded<Row>, given: Given) => ComputeError;
}

/** Those of the rows that require a token. */
type Guarded<Row> = Exclude<Row, { rule: 'anybody' }>;

/** Where a request points to. */
export interface Place {
  /** How the client reached us. Example: `http://127.0.0.1:8774`. */
  origin: string;
  /** What stands between prefix and path. Example: `/0123…`; '' where nothing does. */
  leading: string;
  /** The resource's own path. Example: `/servers/detail`. */
  path: string;
}

/** The parts of a request that precede its body. */
interface Arrived<Given, Row> extends Place {
  params: Record<string, string>;
  /** undefined on a row without a token. */
  given: Given | undefined;
  /** Those of the path and method, the one row unless they differ in their action. */
  rows: readonly Row[];
}

/**
 * Puts the table on the app as one route: fastify takes some milliseconds for each, and a table has
 * hundreds. A known path with another method answers 405, or 404 where it ends in an empty id.
 * Caller, method and role are decided before the body is read, but for actions, which the body
 * names.
 */
export function mountRoutes<Given extends object, Row extends Route<OpenCall & Given, Guard>>(
  app: FastifyInstance,
  table: RouteTable<Given, Row>,
): void {
  const arrive = arrivals(table);
  const arrived = new WeakMap<FastifyRequest, Arrived<Given, Row>>();
  app.all(`${table.prefix}/*`, {
    onRequest: async (request, reply) => {
      arrived.set(request, await arrive(request, reply));
    },
    handler: async (request, reply) => {
      const at = arrived.get(request);
      if (at === undefined) throw table.unknown(request);
      return serve(table, at, { request, reply });
    },
  });
}

function arrivals<Given extends object, Row extends Route<OpenCall & Given, Guard>>(
  table: RouteTable<Given, Row>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<Arrived<Given, Row>> {
  const find = pathsOf(table.routes);
  return async (request, reply) => {
    const below = belowPrefix(request.url, table.prefix);
    const leading = table.leading?.(below) ?? '';
    const path = below.slice(leading.length);
    const found = find(path, methodOf(request));
    if (found === undefined) throw table.unknown(request);
    const place = { origin: originOf(request, table.publicUrl), leading, path };
    const ofMethod = found.rows.filter((row) => row.method === methodOf(request));
    // A path with an open row shows its methods to everybody.
    const [first = found.rows.find(isOpen)] = ofMethod;
    const isOpenCall = first !== undefined && isOpen(first);
    const given = isOpenCall ? undefined : await table.accept(request, reply, place);
    const isOffered = (row: Row) => isOfferedFor(table, row, given);
    if (ofMethod.length === 0) {
      // `DELETE /images/`: its id is empty.
      if (path.endsWith('/')) throw table.unknown(request);
      refuseMethod(found.rows.filter(isOffered), table.unknown(request), { request, reply });
    }
    const rows = ofMethod.filter(isOffered);
    const [row] = rows;
    if (row === undefined) throw table.unknown(request);
    if (row.action === undefined) refuseWithoutRole(table, row, given);
    // All of them: an action that is there in another version is not unknown.
    return {
      ...place,
      given,
      params: found.params,
      rows: row.action === undefined ? [row] : ofMethod,
    };
  };
}

function isOfferedFor<Given extends object, Row extends Route<OpenCall & Given, Guard>>(
  { isOffered }: RouteTable<Given, Row>,
  row: Row,
  given: Given | undefined,
): boolean {
  return given === undefined || isOffered === undefined || isOffered(row, given);
}

/**
 * A URL may name the server before the path, as for a proxy: it is ignored, as are query and
 * fragment. Source: RFC 9112, 3.2.2; RFC 3986, 3.5.
 */
function belowPrefix(url: string, prefix: string): string {
  const [whole = ''] = url.replace(/^https?:\/\/[^/]*/i, '').split(/[?#]/);
  return whole.startsWith(prefix) ? whole.slice(prefix.length) : '';
}

function methodOf({ method }: FastifyRequest): string {
  return method === 'HEAD' ? 'GET' : method;
}

function isOpen({ rule }: { rule: Guard | 'anybody' }): boolean {
  return rule === 'anybody';
}

function refuseMethod(
  rows: readonly Route<never, Guard>[],
  unknown: ComputeError,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): never {
  const [first] = rows;
  if (first === undefined || unknown.kind === 'notImplemented') throw unknown;
  const allowed = [...new Set(rows.map(({ method }) => method))].join(', ');
  reply.header('allow', allowed);
  throw new ComputeError(
    'badMethod',
    `${request.method} is not a method of ${first.path}; it has ${allowed}.`,
  );
}

function refuseWithoutRole<Given extends object, Row extends Route<OpenCall & Given, Guard>>(
  table: RouteTable<Given, Row>,
  row: Row,
  given: Given | undefined,
): void {
  if (given === undefined || isOpen(row)) return;
  const guarded = row as Guarded<Row>;
  if (!table.admits(guarded, given)) throw table.forbidden(guarded, given);
}

async function serve<Given extends object, Row extends Route<OpenCall & Given, Guard>>(
  table: RouteTable<Given, Row>,
  { given, rows, params, origin, path }: Arrived<Given, Row>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  const { id: requestId, body } = request;
  const query = request.query as Query;
  const open: OpenCall = { params, query, body, requestId, origin, path, request };
  const row = rowOf(rows, body, {
    isOffered: (one) => isOfferedFor(table, one, given),
    unknown: () => table.unknown(request),
  });
  if (row.action !== undefined) refuseWithoutRole(table, row, given);
  if (row.headers !== undefined) reply.headers(row.headers);
  const route: Route<OpenCall & Given, Guard> = row;
  if (route.rule === 'anybody') {
    return send(reply, statusOf(route, open), await route.handler(open));
  }
  if (given === undefined) throw table.unknown(request);
  const call = { ...open, ...given };
  if (route.handler === undefined) {
    throw new ComputeError(
      'notImplemented',
      `${titleOf(route)} is not supported by Novella (see docs/api-coverage.md)`,
    );
  }
  table.check?.(row, call);
  return send(reply, statusOf(route, call), await route.handler(call));
}

/** The row that the body's one key names, or the only row. */
function rowOf<Row extends { action?: string }>(
  rows: readonly Row[],
  body: unknown,
  { isOffered, unknown }: { isOffered: (row: Row) => boolean; unknown: () => ComputeError },
): Row {
  const [first] = rows;
  if (first === undefined) throw unknown();
  if (first.action === undefined) return first;
  const keys =
    typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : [];
  if (keys.length !== 1) {
    throw new ComputeError(
      'invalid',
      `Malformed request body: an action is one key, the body has ${keys.length}.`,
    );
  }
  const found = rows.filter(({ action }) => action === keys[0]);
  if (found.length === 0) {
    throw new ComputeError('invalid', `There is no such action: ${keys[0]}`);
  }
  const offered = found.find(isOffered);
  if (offered === undefined) throw unknown();
  return offered;
}

function statusOf<Call>({ status = 200 }: Pick<GuardedRoute<Call>, 'status'>, call: Call): number {
  return typeof status === 'function' ? status(call) : status;
}

function send(reply: FastifyReply, usual: number, answer: Reply | undefined | void): FastifyReply {
  const { status = usual, body, headers } = answer ?? {};
  if (headers !== undefined) reply.headers(headers);
  reply.code(status);
  if (!(body instanceof JsonText)) return reply.send(body);
  // The socket takes bytes as they are; a text is copied and encoded for it with less speed.
  return reply.type('application/json; charset=utf-8').send(Buffer.from(body.text));
}
