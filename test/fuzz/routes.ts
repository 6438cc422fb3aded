/**
 * Every route of the four services, from the tables that mount them, with a body that it would
 * accept.
 */
import { operatorRoutes } from '#api/operator/routes.ts';
import { routes as computeRoutes } from '#api/routes.ts';
import { identityRoutes } from '#embedded/identity/routes.ts';
import { imageRoutes, openImageRoutes } from '#embedded/image/routes.ts';
import { networkRoutes, openNetworkRoutes } from '#embedded/network/routes.ts';
import { mostAtOnce } from '#embedded/network/create-many.ts';
import { resources } from '#embedded/network/resources.ts';
import { bodyFor, embeddedBody } from './bodies.ts';

export type ServiceName = 'compute' | 'operator' | 'identity' | 'network' | 'image';

export interface FuzzRoute {
  service: ServiceName;
  method: string;
  /** From the service's root; `:name` stands for a parameter. */
  path: string;
  /** A body that the schema accepts; undefined: none. */
  body: unknown;
  /** The microversion of most requests. */
  version: number;
}

/** Only its paths are read, so that its handlers need nothing to work with. */
const nothing = {} as never;

export function allRoutes(): FuzzRoute[] {
  return [
    ...computeRoutes.map((route) => {
      const version = Math.min(route.to ?? 79, 79);
      const schema = route.body?.(version);
      const empty = route.action === undefined ? undefined : { [route.action]: null };
      const body = schema === undefined ? empty : bodyFor({ ...schema });
      return { ...of('compute', route, `/v2.1${route.path}`), body, version };
    }),
    ...operatorRoutes.map((route) => {
      const body = route.body === undefined ? undefined : bodyFor({ ...route.body(79) });
      return { ...of('operator', route, `/novella/v1${route.path}`), body, version: 79 };
    }),
    ...[...identityRoutes(nothing).open, ...identityRoutes(nothing).guarded].map((route) =>
      embedded('identity', route),
    ),
    ...[...openNetworkRoutes, ...networkRoutes(nothing)].map((route) => embedded('network', route)),
    ...resources.map(manyOf),
    ...[...openImageRoutes, ...imageRoutes(nothing)].map((route) => embedded('image', route)),
  ];
}

function of(service: ServiceName, { method }: { method: string }, path: string) {
  return { service, method, path };
}

function embedded(service: ServiceName, route: { method: string; path: string }): FuzzRoute {
  const resource = resources.find(
    ({ plural }) => route.path.split('/')[2] === plural.replaceAll('_', '-'),
  );
  const body = embeddedBody(service, route, resource?.singular);
  return { ...of(service, route, route.path), body, version: 79 };
}

/** The creation of many at once. */
function manyOf({ singular, plural }: (typeof resources)[number]): FuzzRoute {
  const route = { method: 'POST', path: `/v2.0/${plural.replaceAll('_', '-')}` };
  const one = embeddedBody('network', route, singular) as Record<string, unknown>;
  const body = { [plural]: Array.from({ length: mostAtOnce }, () => one[singular]) };
  return { ...of('network', route, route.path), body, version: 79 };
}
