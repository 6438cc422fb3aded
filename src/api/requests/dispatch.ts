/**
 * From a request to its row: microversion, caller, project, row, policy, body. Knows no resource.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '#contracts/services/identity.ts';
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { originOf } from '#http/origin.ts';
import { noteUser } from '#http/request-log.ts';
import type { ApiContext } from './context.ts';
import { checkBody, forgiven } from './json-schema.ts';
import { negotiate, versionHeaders } from './negotiate.ts';
import { type Call, isInVersion, type Query, type Reply, type Route } from './route.ts';
import { type FindPath, type FoundPath, pathsOf } from './route-paths.ts';

/** Where a table of routes is reachable. */
export interface Mount {
  prefix: '/v2.1' | '/v2' | '/novella/v1';
  /** Microversions count here; elsewhere everything is as in 2.1. */
  versioned: boolean;
  /** What older clients get wrong is forgiven, not refused: the habit of v2. */
  lenient: boolean;
  /** The project's id may stand before the path. */
  projectInPath: boolean;
}

interface Accepted {
  version: number;
  caller: Caller;
}

/** The part of a path that is a project's id. */
export const projectSegment = '/:projectId(^[0-9a-fA-F-]{32,36}$)';
const isProject = /^\/[0-9a-fA-F-]{32,36}$/;

/** A request whose path has rows. */
interface Addressed extends FoundPath {
  /** Below prefix and project, as it came, without query. Example: `/servers/detail`. */
  path: string;
  /**
   * As it stands in the path. Example: `/0123456789abcdef0123456789abcdef`; '' where there is none.
   */
  project: string;
}

/**
 * Puts the rows on the app below this prefix, as one route: fastify takes some milliseconds for
 * each, and a table has hundreds. A known path asked with another method answers 405.
 */
export function mountRoutes(
  app: FastifyInstance,
  context: ApiContext,
  mount: Mount,
  routes: readonly Route[],
): void {
  const find = pathsOf(routes);
  const accepted = new WeakMap<FastifyRequest, Accepted & Addressed>();
  app.all(`${mount.prefix}/*`, {
    onRequest: async (request, reply) => {
      const at = address(find, mount, request.url);
      const { version, caller } = await accept(context, mount, at.project, { request, reply });
      accepted.set(request, { ...at, version, caller });
    },
    handler: async (request, reply) => {
      const at = accepted.get(request) as Accepted & Addressed;
      const rows = at.rows.filter((row) => isInVersion(row, at.version));
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const ofMethod = at.rows.filter((row) => row.method === method);
      if (ofMethod.length === 0) refuseMethod(rows, request.method, reply);
      return send(reply, await serve(ofMethod, callOf(context, mount, request, at), mount));
    },
  });
}

/**
 * A URL may name the server before the path, as for a proxy: it is passed over. Source: RFC 9112,
 * 3.2.2. Throws `notFound` when no row has the path.
 */
function address(find: FindPath, mount: Mount, url: string): Addressed {
  const [whole = ''] = url.replace(/^https?:\/\/[^/]*/i, '').split('?');
  const below = whole.startsWith(mount.prefix) ? whole.slice(mount.prefix.length) : '';
  const [first = ''] = /^\/[^/]+/.exec(below) ?? [];
  const project = mount.projectInPath ? projectOf(first) : '';
  const path = project === '' ? below : below.slice(first.length);
  const found = find(path);
  if (found === undefined) throw noSuchResource();
  return { ...found, path, project };
}

/** The first part of a path, decoded, if it is a project's id; else ''. */
function projectOf(first: string): string {
  const decoded = decodeURIComponent(first);
  return isProject.test(decoded) ? decoded : '';
}

function refuseMethod(rows: readonly Route[], method: string, reply: FastifyReply): never {
  const [first] = rows;
  if (first === undefined) throw noSuchResource();
  const allowed = [...new Set(rows.map((row) => row.method))].join(', ');
  reply.header('allow', allowed);
  throw new ComputeError(
    'badMethod',
    `${method} is not a method of ${first.path}; it has ${allowed}.`,
  );
}

/** Before the body is read: microversion, token, project. */
async function accept(
  context: ApiContext,
  mount: Mount,
  project: string,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Accepted> {
  const version = mount.versioned ? negotiate(request.headers) : 1;
  if (mount.versioned) reply.headers(versionHeaders(version));
  const token = request.headers['x-auth-token'];
  if (typeof token !== 'string' || token === '') {
    throw new ComputeError(
      'unauthenticated',
      'The request you have made requires authentication: it has no X-Auth-Token header.',
    );
  }
  const caller = await context.identity.validate(token);
  noteUser(request, caller);
  const projectId = project.slice(1);
  if (projectId !== '' && bare(projectId) !== bare(caller.projectId)) {
    throw new ComputeError(
      'invalid',
      `Malformed request URL: URL's project_id '${projectId}' doesn't match Context's project_id '${caller.projectId}'`,
    );
  }
  return { version, caller };
}

const bare = (id: string) => id.replaceAll('-', '').toLowerCase();

function callOf(
  context: ApiContext,
  mount: Mount,
  request: FastifyRequest,
  { version, caller, params, path, project }: Accepted & Addressed,
): Call {
  const origin = originOf(request, context.publicUrl);
  return {
    context,
    caller,
    version,
    params,
    query: request.query as Query,
    body: request.body,
    requestId: request.id,
    base: `${origin}${mount.prefix}${project}`,
    root: `${origin}${project}`,
    path,
  };
}

async function serve(rows: readonly Route[], call: Call, mount: Mount): Promise<Reply> {
  const route = pick(rows, call);
  if (!allows(route.rule, call.caller)) {
    throw new ComputeError(
      'forbidden',
      `Policy doesn't allow ${titleOf(route)} to be performed: it needs the role ${route.rule}, the caller has ${call.caller.roles.join(', ') || 'none'}.`,
    );
  }
  if (route.handler === undefined) {
    throw new ComputeError('notImplemented', `${titleOf(route)} is not offered by Novella yet.`);
  }
  if (route.query !== undefined && call.version >= (route.queryFrom ?? 75)) {
    refuseUnknownQuery(route.query, call.query);
  }
  let { body } = call;
  if (route.body !== undefined) {
    const schema = route.body(call.version);
    if (mount.lenient) body = forgiven(schema, body);
    checkBody(schema, body);
  }
  const reply = await route.handler({ ...call, body: body as never });
  const status = typeof route.status === 'function' ? route.status(call.version) : route.status;
  return { status: status ?? 200, ...reply };
}

/** Example: `POST /servers/:id/action os-start`. */
export function titleOf(route: Pick<Route, 'method' | 'path' | 'action'>): string {
  const action = route.action === undefined ? '' : ` ${route.action}`;
  return `${route.method} ${route.path}${action}`;
}

function pick(rows: readonly Route[], call: Call): Route {
  const there = rows.filter((row) => isInVersion(row, call.version));
  const [first] = there;
  if (first === undefined) throw noSuchResource();
  if (first.action === undefined) return first;
  const keys =
    typeof call.body === 'object' && call.body !== null && !Array.isArray(call.body)
      ? Object.keys(call.body)
      : [];
  if (keys.length !== 1) {
    throw new ComputeError(
      'invalid',
      `Malformed request body: an action is one key, the body has ${keys.length}.`,
    );
  }
  const found = there.find(({ action }) => action === keys[0]);
  if (found !== undefined) return found;
  if (rows.some(({ action }) => action === keys[0])) throw noSuchResource();
  throw new ComputeError('invalid', `There is no such action: ${keys[0]}`);
}

function noSuchResource(): ComputeError {
  return new ComputeError('notFound', 'The resource could not be found.');
}

function refuseUnknownQuery(known: readonly string[], query: Query): void {
  const extra = Object.keys(query).filter((key) => !known.includes(key));
  if (extra.length === 0) return;
  const names = extra.map((key) => `'${key}'`).join(', ');
  throw new ComputeError(
    'invalid',
    `Additional properties are not allowed (${names} ${extra.length === 1 ? 'was' : 'were'} unexpected)`,
  );
}

function send(reply: FastifyReply, { status = 200, body, headers }: Reply): FastifyReply {
  if (headers !== undefined) reply.headers(headers);
  return reply.code(status).send(body);
}
