/** Tenants that an administrator creates, and what their roles let them do. */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** The token of a new user with this role on the project. */
async function tokenWith(cloud: Cloud, role: string, project: string): Promise<string> {
  const user = { name: role, password: 'secret' };
  const { id } = (await cloud.ok('identity', 'POST', '/users', { user })).user;
  const roleId = (await cloud.ok('identity', 'GET', `/roles?name=${role}`)).roles[0].id;
  const grant = `/projects/${project}/users/${id}/roles/${roleId}`;
  expect((await cloud.send('identity', 'PUT', grant)).status).toBe(204);
  const domain = { id: 'default' };
  const auth = {
    identity: { methods: ['password'], password: { user: { ...user, domain } } },
    scope: { project: { id: project } },
  };
  const reply = await cloud.send('identity', 'POST', '/auth/tokens', { body: { auth } });
  expect(reply.status).toBe(201);
  return reply.headers.get('x-subject-token') ?? '';
}

scenario('in a new project a member boots, a reader only reads', async (cloud) => {
  const { project } = await cloud.ok('identity', 'POST', '/projects', { project: { name: 'new' } });
  const member = await tokenWith(cloud, 'member', project.id);
  const reader = await tokenWith(cloud, 'reader', project.id);
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  const body = {
    server: { name: 's', flavorRef: '1', imageRef: images[0].id, networks: [] },
  };
  const boot = (token: string) => cloud.send('compute', 'POST', '/servers', { token, body });
  expect((await boot(reader)).status).toBe(403);
  const { id } = (await boot(member)).body.server;
  await cloud.settled(id, 'ACTIVE');
  const path = `/servers/${id}`;
  expect((await cloud.send('compute', 'GET', path, { token: reader })).status).toBe(200);
  expect((await cloud.send('compute', 'DELETE', path, { token: reader })).status).toBe(403);
  const network = { body: { network: { name: 'n' } } };
  const made = (token: string) => cloud.send('network', 'POST', '/networks', { token, ...network });
  expect((await made(reader)).status).toBe(403);
  expect((await made(member)).status).toBe(201);
  expect((await cloud.send('compute', 'DELETE', path, { token: member })).status).toBe(204);
  await cloud.gone(id);
  expect((await cloud.send('identity', 'DELETE', `/projects/${project.id}`)).status).toBe(204);
  expect((await cloud.send('compute', 'GET', '/servers', { token: member })).status).toBe(401);
});
