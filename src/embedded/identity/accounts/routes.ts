/** The routes that change projects, users, roles and their assignments. */
import { type BodyOf, type Handler, type OpenRoute, withBody } from '#http/routes/route.ts';
import type { GuardedRoute } from '../../route-table.ts';
import type { Directory } from '../directory.ts';
import type { Session } from '../sign-in/tokens.ts';
import {
  createCredential,
  deleteCredential,
  listCredentials,
  newCredential,
  showCredential,
} from './application-credentials.ts';
import * as bodies from './bodies.ts';
import type { Call } from './accounts.ts';
import { checkGrant, grantRole, listGrants, revokeRole } from './grants.ts';
import { changeProject, createProject, deleteProject } from './projects.ts';
import { changeRole, createRole, deleteRole } from './roles.ts';
import { changeOwnPassword, changeUser, createUser, deleteUser } from './users.ts';

type Row = GuardedRoute<Session>;

/** Needs no token: the former password is the proof. */
export function passwordRoute(directory: Directory): OpenRoute {
  return {
    method: 'POST',
    path: '/v3/users/:id/password',
    rule: 'anybody',
    status: 204,
    ...withBody(bodies.passwordChange, (call) => changeOwnPassword(call, directory)),
  };
}

export function accountRoutes(directory: Directory): Row[] {
  return [
    ...writing('projects', {
      create: taking(bodies.newProject, (call) => createProject(call, directory)),
      change: taking(bodies.projectChange, (call) => changeProject(call, directory)),
      remove: (call) => deleteProject(call, directory),
    }),
    ...writing('users', {
      create: taking(bodies.newUser, (call) => createUser(call, directory)),
      change: taking(bodies.userChange, (call) => changeUser(call, directory)),
      remove: (call) => deleteUser(call, directory),
    }),
    ...writing('roles', {
      create: taking(bodies.newRole, (call) => createRole(call, directory)),
      change: taking(bodies.roleChange, (call) => changeRole(call, directory)),
      remove: (call) => deleteRole(call, directory),
    }),
    ...grantRoutes(directory),
    ...credentialRoutes(directory),
  ];
}

function writing(
  plural: string,
  { create, change, remove }: Record<'create' | 'change', Taking> & { remove: Handler<Call> },
): Row[] {
  return [
    { method: 'POST', path: `/v3/${plural}`, rule: 'admin', status: 201, ...create },
    { method: 'PATCH', path: `/v3/${plural}/:id`, rule: 'admin', ...change },
    {
      method: 'DELETE',
      path: `/v3/${plural}/:id`,
      rule: 'admin',
      status: 204,
      handler: remove,
    },
  ];
}

type Taking = Required<Pick<Row, 'body' | 'handler'>>;

function taking<Body>(body: BodyOf<Call, Body>, handler: Handler<Call<Body>>): Taking {
  return withBody(body, handler);
}

function grantRoutes(directory: Directory): Row[] {
  const path = '/v3/projects/:id/users/:user/roles';
  const grant = { path: `${path}/:role`, rule: 'admin', status: 204 } as const;
  return [
    {
      method: 'GET',
      path,
      rule: 'admin',
      handler: (call) => listGrants(call, directory),
    },
    { ...grant, method: 'PUT', handler: (call) => grantRole(call, directory) },
    { ...grant, method: 'GET', handler: (call) => checkGrant(call, directory) },
    { ...grant, method: 'DELETE', handler: (call) => revokeRole(call, directory) },
  ];
}

/** The handlers compare the user with the caller. */
function credentialRoutes(directory: Directory): Row[] {
  const path = '/v3/users/:id/application_credentials';
  const one = { path: `${path}/:credential`, rule: 'signed-in' } as const;
  return [
    {
      method: 'POST',
      path,
      rule: 'signed-in',
      status: 201,
      ...taking(newCredential, (call) => createCredential(call, directory)),
    },
    {
      method: 'GET',
      path,
      rule: 'signed-in',
      handler: (call) => listCredentials(call, directory),
    },
    { ...one, method: 'GET', handler: (call) => showCredential(call, directory) },
    {
      ...one,
      method: 'DELETE',
      status: 204,
      handler: (call) => deleteCredential(call, directory),
    },
  ];
}
