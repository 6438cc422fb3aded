/** The role of each call of the embedded services: every route with every kind of caller. */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identityRoutes } from './identity/routes.ts';
import { imageRoutes } from './image/routes.ts';
import { networkRoutes } from './network/routes.ts';
import type { Route } from '#http/routes/route.ts';
import {
  ask,
  demoPassword,
  type EmbeddedCloud,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';

const callers = ['none', 'garbage', 'expired', 'reader', 'foreign', 'demo', 'service', 'admin'];
type Caller = (typeof callers)[number];

const read = ['reader', 'foreign', 'demo', 'service', 'admin'];
const write = ['foreign', 'demo', 'admin'];
const portWrite = [...write, 'service'];
const services = ['service', 'admin'];
const admin = ['admin'];

function tagsOf(plural: string, writers: Caller[]): Record<string, Caller[]> {
  const all = `/v2.0/${plural}/:id/tags`;
  return {
    [`GET ${all}`]: read,
    [`PUT ${all}`]: writers,
    [`POST ${all}`]: writers,
    [`DELETE ${all}`]: writers,
    [`GET ${all}/:tag`]: read,
    [`PUT ${all}/:tag`]: writers,
    [`DELETE ${all}/:tag`]: writers,
  };
}

/** Written here a second time: a route that is not in this list, or admits another role, fails. */
const network: Record<string, Caller[]> = {
  'GET /v2.0': read,
  'GET /v2.0/extensions': read,
  'GET /v2.0/extensions/:alias': read,
  'GET /v2.0/agents': read,
  'GET /v2.0/subnetpools': read,
  'GET /v2.0/availability_zones': read,
  'GET /v2.0/quotas/:project': services,
  'PUT /v2.0/quotas/:project': admin,
  'DELETE /v2.0/quotas/:project': admin,
  'GET /v2.0/quotas/:project/default': services,
  'GET /v2.0/quotas/:project/details': services,
  'GET /v2.0/quotas/:project/details.json': services,
  'GET /v2.0/ports/:id/bindings': services,
  'POST /v2.0/ports/:id/bindings': services,
  'PUT /v2.0/ports/:id/bindings/:host/activate': services,
  'DELETE /v2.0/ports/:id/bindings/:host': services,
  'GET /v2.0/networks': read,
  'GET /v2.0/networks/:id': read,
  'POST /v2.0/networks': write,
  'PUT /v2.0/networks/:id': write,
  'DELETE /v2.0/networks/:id': write,
  'GET /v2.0/subnets': read,
  'GET /v2.0/subnets/:id': read,
  'POST /v2.0/subnets': write,
  'PUT /v2.0/subnets/:id': write,
  'DELETE /v2.0/subnets/:id': write,
  'GET /v2.0/ports': read,
  'GET /v2.0/ports/:id': read,
  'POST /v2.0/ports': portWrite,
  'PUT /v2.0/ports/:id': portWrite,
  'DELETE /v2.0/ports/:id': portWrite,
  'GET /v2.0/security-groups': read,
  'GET /v2.0/security-groups/:id': read,
  'POST /v2.0/security-groups': write,
  'PUT /v2.0/security-groups/:id': write,
  'DELETE /v2.0/security-groups/:id': write,
  ...tagsOf('networks', write),
  ...tagsOf('subnets', write),
  ...tagsOf('ports', portWrite),
  ...tagsOf('security-groups', write),
  'GET /v2.0/security-group-rules': read,
  'GET /v2.0/security-group-rules/:id': read,
  'POST /v2.0/security-group-rules': write,
  'DELETE /v2.0/security-group-rules/:id': write,
};
const image: Record<string, Caller[]> = {
  'GET /v2/images': read,
  'POST /v2/images': write,
  'GET /v2/images/:id': read,
  'PATCH /v2/images/:id': write,
  'DELETE /v2/images/:id': write,
  'PUT /v2/images/:id/file': write,
  'GET /v2/images/:id/file': read,
  'GET /v2/schemas/image': read,
  'GET /v2/schemas/images': read,
  'GET /v2/schemas/member': read,
  'GET /v2/schemas/members': read,
  'PUT /v2/images/:id/tags/:tag': write,
  'DELETE /v2/images/:id/tags/:tag': write,
  'POST /v2/images/:id/actions/deactivate': write,
  'POST /v2/images/:id/actions/reactivate': write,
  'GET /v2/images/:id/members': read,
  'POST /v2/images/:id/members': write,
  'GET /v2/images/:id/members/:member': read,
  'PUT /v2/images/:id/members/:member': write,
  'DELETE /v2/images/:id/members/:member': write,
};
const ofKind = (kind: string): Record<string, Caller[]> => ({
  [`GET /v3/${kind}`]: admin,
  [`GET /v3/${kind}/:id`]: admin,
});
const changedKind = (kind: string): Record<string, Caller[]> => ({
  ...ofKind(kind),
  [`POST /v3/${kind}`]: admin,
  ...methods(`/v3/${kind}/:id`, ['PATCH', 'DELETE']),
});
function methods(path: string, names: readonly string[]): Record<string, Caller[]> {
  return Object.fromEntries(names.map((name) => [`${name} ${path}`, admin]));
}
const identity: Record<string, Caller[]> = {
  'GET /v3/auth/tokens': read,
  'DELETE /v3/auth/tokens': read,
  'GET /v3/auth/catalog': read,
  'GET /v3/auth/projects': read,
  'GET /v3/users/:id/projects': admin,
  'GET /v3/role_assignments': admin,
  'GET /v3/regions': read,
  'GET /v3/regions/:id': read,
  ...changedKind('projects'),
  ...changedKind('users'),
  ...changedKind('roles'),
  'GET /v3/projects/:id/users/:user/roles': admin,
  ...methods('/v3/projects/:id/users/:user/roles/:role', ['GET', 'PUT', 'DELETE']),
  // Of another user: each user has those of its own.
  'GET /v3/users/:id/application_credentials': admin,
  // The body is checked before the user of the path.
  'POST /v3/users/:id/application_credentials': read,
  ...methods('/v3/users/:id/application_credentials/:credential', ['GET', 'DELETE']),
  ...ofKind('domains'),
  ...ofKind('services'),
  ...ofKind('endpoints'),
};
let cloud: EmbeddedCloud;
const tokens: Record<Caller, string | undefined> = { none: undefined, garbage: 'garbage' };

beforeAll(async () => {
  cloud = await startEmbeddedCloud({
    users: [
      { name: 'reader', project: 'demo', role: 'reader' },
      { name: 'foreign', project: 'foreign', role: 'member' },
      { name: 'service', project: 'service', role: 'service' },
    ],
  });
  tokens['expired'] = cloud.adminToken;
  cloud.time.now += 2 * 3_600_000;
  for (const [name, project] of [
    ['reader', 'demo'],
    ['demo', 'demo'],
    ['foreign', 'foreign'],
    ['service', 'service'],
  ] as const) {
    tokens[name] = await cloud.signIn(name, demoPassword, project);
  }
  tokens['admin'] = await cloud.signIn('admin', 'admin-secret', 'admin');
});
afterAll(() => cloud.stop());

function verdictOf(caller: Caller, admitted: Caller[]): string {
  if (['none', 'garbage', 'expired'].includes(caller)) return '401';
  return admitted.includes(caller) ? 'admitted' : '403';
}

const unknownId = '6f1b1c3e-0000-4000-8000-000000000000';

async function statusOf(app: FastifyInstance, route: string, caller: Caller): Promise<number> {
  const act = route.replaceAll(/:\w+/g, unknownId);
  const token = tokens[caller];
  const { status } = await ask(app, act, {
    ...(token !== undefined && { token }),
    ...(/^(POST|PUT|PATCH)/.test(act) && { body: {} }),
  });
  return status;
}

/** The tables that the services mount; nothing is called. */
const tables: Record<string, readonly Pick<Route<never>, 'method' | 'path'>[]> = {
  identity: identityRoutes({} as never).guarded,
  network: networkRoutes({} as never),
  image: imageRoutes({} as never),
};

for (const [name, table] of Object.entries({ identity, network, image })) {
  const app = () => cloud[name as 'identity' | 'network' | 'image'].app;
  describe(`the ${name} service`, () => {
    test('has the routes of the list, and no others', () => {
      const routes = tables[name]?.map(({ method, path }) => `${method} ${path}`);
      expect(routes?.toSorted()).toEqual(Object.keys(table).toSorted());
    });

    test.each(Object.entries(table))('%s is for %s', async (route, admitted) => {
      const found: Record<string, string> = {};
      const wanted: Record<string, string> = {};
      for (const caller of callers) {
        const status = await statusOf(app(), route, caller);
        found[caller] = status === 401 || status === 403 ? String(status) : 'admitted';
        wanted[caller] = verdictOf(caller, admitted);
        expect([caller, status < 500]).toEqual([caller, true]);
      }
      expect(found).toEqual(wanted);
    });
  });
}
