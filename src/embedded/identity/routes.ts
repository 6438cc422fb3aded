/** Every route of the embedded identity service, and what of Keystone it lacks. */
import type { NotOffered } from '../not-offered.ts';
import { type OpenRoute, withBody } from '#http/routes/route.ts';
import type { GuardedRoute, RouteTable } from '../route-table.ts';
import { type Directory, type Kind, kinds, list, listProjectsOf, show } from './directory.ts';
import { accountRoutes, passwordRoute } from './accounts/routes.ts';
import { listRoleAssignments } from './role-assignments.ts';
import {
  authenticate,
  issueToken,
  revokeToken,
  showOwnCatalog,
  showToken,
} from './sign-in/token-routes.ts';
import { signInBody } from './sign-in/sign-in.ts';
import { actorOf, type Session } from './sign-in/tokens.ts';
import { viewVersion } from './views.ts';

export function identityRoutes(
  directory: Directory,
): Pick<RouteTable<Session>, 'open' | 'guarded' | 'guard' | 'actorOf'> {
  const open: OpenRoute[] = [
    {
      method: 'GET',
      path: '/',
      rule: 'anybody',
      status: 300,
      handler: ({ origin }) => ({ body: { versions: { values: [viewVersion(origin)] } } }),
    },
    {
      method: 'GET',
      path: '/v3',
      rule: 'anybody',
      handler: ({ origin }) => ({ body: { version: viewVersion(origin) } }),
    },
    {
      method: 'POST',
      path: '/v3/auth/tokens',
      rule: 'anybody',
      status: 201,
      ...withBody(signInBody, (call) => issueToken(call, directory)),
    },
    passwordRoute(directory),
  ];
  const guarded: GuardedRoute<Session>[] = [
    {
      method: 'GET',
      path: '/v3/auth/tokens',
      rule: 'signed-in',
      handler: (call) => showToken(call, directory),
    },
    {
      method: 'DELETE',
      path: '/v3/auth/tokens',
      rule: 'signed-in',
      status: 204,
      handler: (call) => revokeToken(call, directory),
    },
    {
      method: 'GET',
      path: '/v3/auth/catalog',
      rule: 'signed-in',
      handler: (call) => showOwnCatalog(call, directory),
    },
    {
      method: 'GET',
      path: '/v3/auth/projects',
      rule: 'signed-in',
      handler: (call) => listProjectsOf(call.caller.user.id, call, directory),
    },
    {
      method: 'GET',
      path: '/v3/users/:id/projects',
      rule: 'signed-in',
      handler: (call) => listProjectsOf(call.params['id'] ?? '', call, directory),
    },
    {
      method: 'GET',
      path: '/v3/role_assignments',
      rule: 'admin',
      handler: (call) => listRoleAssignments(call, directory),
    },
    ...accountRoutes(directory),
    ...kinds.flatMap((kind) => kindRoutes(kind, directory)),
  ];
  return { open, guarded, guard: (request) => authenticate(request, directory), actorOf };
}

function kindRoutes(kind: Kind, directory: Directory): GuardedRoute<Session>[] {
  return [
    {
      method: 'GET',
      path: `/v3/${kind.plural}`,
      rule: kind.isPublic ? 'signed-in' : 'admin',
      handler: (call) => list(kind, call, directory),
    },
    {
      method: 'GET',
      path: `/v3/${kind.plural}/:id`,
      rule: 'signed-in',
      handler: (call) => show(kind, call, directory),
    },
  ];
}

export const keystoneNotOffered: NotOffered = {
  '/v2.0': 'the identity API v2.0',
  '/v3/projects': 'tags, hierarchies, groups and limits of projects',
  '/v3/users': 'access rules, groups and keys of a user',
  '/v3/roles': 'implied roles',
  '/v3/domains': 'changing domains',
  '/v3/services': 'changing the catalog',
  '/v3/endpoints': 'changing the catalog',
  '/v3/regions': 'changing regions',
  '/v3/groups': 'groups',
  '/v3/credentials': 'credentials',
  '/v3/policies': 'policies',
  '/v3/limits': 'limits',
  '/v3/registered_limits': 'limits',
  '/v3/role_inferences': 'role inferences',
  '/v3/system': 'system role assignments',
  '/v3/auth/system': 'system scope',
  '/v3/auth/domains': 'domain scope',
  '/v3/ec2tokens': 'EC2 credentials',
  '/v3/OS-TRUST': 'trusts',
  '/v3/OS-FEDERATION': 'federation',
  '/v3/OS-OAUTH1': 'OAuth',
  '/v3/OS-OAUTH2': 'OAuth',
  '/v3/OS-EP-FILTER': 'endpoint groups',
  '/v3/OS-INHERIT': 'inherited role assignments',
};
