/**
 * Every route of the compute API and of the operator API × every role × the own or another project, compared with the
 * policy in the table of routes.
 */
import { expect } from 'vitest';
import { eventStreams } from '#client/shapes/operator-replies.ts';
import { operatorRoutes } from '#api/operator/routes.ts';
import type { Route } from '#api/requests/route.ts';
import { routes as computeRoutes } from '#api/routes.ts';
import { titleOf } from '#http/routes/route.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { isAdmitted, ownedKind, requestFor, type Tenant } from '../fuzz/policy-requests.ts';

const roles = ['reader', 'member', 'manager', 'service', 'admin'] as const;
type RoleName = (typeof roles)[number];

/** By the service that has them. */
const routes = [
  ...computeRoutes.map((route) => ({ service: 'compute' as const, route })),
  ...operatorRoutes.map((route) => ({ service: 'operator' as const, route })),
];

scenario(
  'every route admits the roles that its policy names, and no role reaches another project',
  async (cloud) => {
    const { images } = await cloud.ok('image', 'GET', '/v2/images');
    const imageRef: string = images[0].id;
    const [own, foreign] = [await newTenant(cloud, 'own'), await newTenant(cloud, 'foreign')];
    const tenantOf = async (tokens: Record<RoleName, string>, project: string): Promise<Tenant> => {
      const token = tokens.member;
      const server = { name: 's', flavorRef: '1', imageRef, networks: 'none' };
      const group = { name: 'g', policy: 'affinity' };
      const made = async (path: string, body: object) =>
        (await cloud.send('compute', 'POST', path, { token, body, headers: version(96) })).body;
      const { id } = (await made('/servers', { server })).server;
      await cloud.settled(id, 'ACTIVE');
      const created = await made('/os-server-groups', { server_group: group });
      return { project, image: imageRef, server: id, group: created.server_group.id };
    };
    const places = {
      foreign: await tenantOf(foreign.tokens, foreign.project),
      own: await tenantOf(own.tokens, own.project),
    };
    const before = await shown(cloud, places.foreign);
    const wrong: string[] = [];
    let count = 0;
    for (const place of ['foreign', 'own'] as const) {
      for (const role of roles) {
        for (const { service, route } of routes) {
          // What an administrator may do in any project is no matter of this test.
          if (place === 'foreign' && role === 'admin') continue;
          const status = await statusOf(cloud, route, {
            service,
            token: own.tokens[role],
            tenant: places[place],
          });
          count += 1;
          const problem = problemOf(route, { role, place, status });
          if (problem !== undefined) wrong.push(`${titleOf(route)} ${role} ${place}: ${problem}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(routes.length * (roles.length * 2 - 1));
    expect(await shown(cloud, places.foreign)).toEqual(before);
  },
  undefined,
  120_000,
);

function problemOf(
  route: Route,
  { role, place, status }: { role: RoleName; place: 'own' | 'foreign'; status: number },
): string | undefined {
  if (!isAdmitted(route, role)) return status === 403 ? undefined : `${status}, not 403`;
  if (status >= 500 && status !== 501) return String(status);
  const isOwned = ownedKind(route) !== undefined;
  if (place === 'foreign' && isOwned && route.handler !== undefined) {
    return status === 404 || isRemoved(status) ? undefined : `${status}, not 404`;
  }
  return place === 'own' && isOwned && status === 403 ? '403' : undefined;
}

/** Removed calls answer alike for every server. */
function isRemoved(status: number): boolean {
  return status === 410;
}

async function statusOf(
  cloud: Cloud,
  route: Route,
  { service, token, tenant }: { service: 'compute' | 'operator'; token: string; tenant: Tenant },
): Promise<number> {
  const { path, minor, text } = requestFor(route, tenant);
  // A stream of events has no end.
  const method = eventStreams.includes(titleOf(route)) ? 'HEAD' : route.method;
  const reply = await cloud.send(service, method, path, {
    token,
    headers: { ...version(minor), 'content-type': 'application/json' },
    ...(text !== undefined && { text }),
  });
  return reply.status;
}

function version(minor: number): Record<string, string> {
  return { 'openstack-api-version': `compute 2.${minor}` };
}

/** What no request of another project may change. */
async function shown(cloud: Cloud, { server, group }: Tenant) {
  const read = async (path: string) =>
    (await cloud.send('compute', 'GET', path, { headers: version(96) })).body;
  return [(await read(`/servers/${server}`)).server, await read(`/os-server-groups/${group}`)];
}

/** A project, and a token of a user of each role there. */
async function newTenant(cloud: Cloud, name: string) {
  const { project } = await cloud.ok('identity', 'POST', '/projects', { project: { name } });
  const { roles: known } = await cloud.ok('identity', 'GET', '/roles');
  const tokens: Partial<Record<RoleName, string>> = {};
  for (const role of roles) {
    const user = { name: `${name}-${role}`, password: 'secret' };
    const { id } = (await cloud.ok('identity', 'POST', '/users', { user })).user;
    const roleId = known.find((each: { name: string }) => each.name === role).id;
    await cloud.send('identity', 'PUT', `/projects/${project.id}/users/${id}/roles/${roleId}`);
    const identity = {
      methods: ['password'],
      password: { user: { ...user, domain: { id: 'default' } } },
    };
    const auth = { identity, scope: { project: { id: project.id } } };
    const reply = await cloud.send('identity', 'POST', '/auth/tokens', { body: { auth } });
    tokens[role] = reply.headers.get('x-subject-token') ?? '';
  }
  return { project: project.id as string, tokens: tokens as Record<RoleName, string> };
}
