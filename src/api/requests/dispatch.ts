/**
 * What this API adds to a table of routes: microversions, the project in the path, and the keys
 * that a query may have.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';
import { noteUser } from '#http/request-log.ts';
import { mountRoutes as mountTable, type Place } from '#http/routes/mount.ts';
import type { GuardedRoute, Handler, OpenCall } from '#http/routes/route.ts';
import type { ApiContext } from './context.ts';
import { negotiate, versionHeaders } from './negotiate.ts';
import { namesOf, refusedBy } from './permission.ts';
import { type Accepted, isInVersion, type Query, type Route, type RouteRule } from './route.ts';

/** Where a table of routes is reachable. */
export interface Mount {
  prefix: '/v2.1' | '/v2' | '/novella/v1';
  /** Microversions count here; elsewhere everything is as in 2.1. */
  versioned: boolean;
  /** Mistakes of older clients are tolerated, not refused, as in v2. */
  lenient: boolean;
  /** The project's id may stand before the path. */
  projectInPath: boolean;
}

/** The part of a path that is a project's id. */
export const projectSegment = '/:projectId(^[0-9a-fA-F-]{32,36}$)';
const isProject = /^\/[0-9a-fA-F-]{32,36}$/;

/** Puts the rows on the app below this prefix. */
export function mountRoutes(
  app: FastifyInstance,
  context: ApiContext,
  mount: Mount,
  routes: readonly Route[],
): void {
  mountTable<Accepted, MountedRoute>(app, {
    prefix: mount.prefix,
    routes: routes.map(mounted),
    publicUrl: context.publicUrl,
    leading: mount.projectInPath ? projectIn : () => '',
    accept: (request, reply, place) => accept(context, mount, place, { request, reply }),
    admits: ({ rule }, { policy, caller }) =>
      rule === 'signed-in' || namesOf(rule).some((name) => policy.mayAllow(name, caller)),
    isOffered: (route, { version }) => isInVersion(route, version),
    check: refuseUnknownQuery,
    unknown: () => new ComputeError('notFound', 'The resource could not be found.'),
    forbidden: ({ rule }) => refusedBy(namesOf(rule)[0] ?? ''),
  });
}

type Arriving = OpenCall & Accepted;
type MountedRoute = Omit<Route, 'handler'> & GuardedRoute<Arriving, RouteRule>;

/** A row whose handler is given the row's rule. */
function mounted({ handler, ...row }: Route): MountedRoute {
  const { rule } = row;
  const handle: Handler<Arriving> | undefined = handler && ((call) => handler({ ...call, rule }));
  return { ...row, ...(handle !== undefined && { handler: handle }) };
}

/** The first part of a path, as it stands there, if it is a project's id; else ''. */
function projectIn(below: string): string {
  const [first = ''] = /^\/[^/]+/.exec(below) ?? [];
  return isProject.test(decoded(first)) ? first : '';
}

/** '' where it cannot be decoded. Example: `/%30` → `/0`. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** Before the body is read: microversion, token, project. */
async function accept(
  context: ApiContext,
  mount: Mount,
  { origin, leading }: Place,
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
  const policy = context.policy();
  const known = await context.identity.validate(token);
  const caller = { ...known, isAdmin: policy.isAdmin(known) };
  noteUser(request, caller);
  const project = decoded(leading);
  const projectId = project.slice(1);
  if (projectId !== '' && bare(projectId) !== bare(caller.projectId)) {
    throw new ComputeError(
      'invalid',
      `Malformed request URL: URL's project_id '${projectId}' doesn't match Context's project_id '${caller.projectId}'`,
    );
  }
  return {
    context,
    caller,
    policy,
    version,
    isLenient: mount.lenient,
    base: `${origin}${mount.prefix}${project}`,
    root: `${origin}${project}`,
  };
}

const bare = (id: string) => id.replaceAll('-', '').toLowerCase();

function refuseUnknownQuery(route: MountedRoute, { query, version }: Arriving): void {
  if (route.query === undefined || version < (route.queryFrom ?? 75)) return;
  const extra = extraKeys(query, route.query);
  if (extra.length === 0) return;
  const names = extra.map((key) => `'${key}'`).join(', ');
  throw new ComputeError(
    'invalid',
    `Additional properties are not allowed (${names} ${extra.length === 1 ? 'was' : 'were'} unexpected)`,
  );
}

function extraKeys(query: Query, known: readonly string[]): string[] {
  return Object.keys(query).filter((key) => !known.includes(key));
}
