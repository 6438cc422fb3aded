/** What applies to every call: versions, tokens, methods, bodies, ids. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aComputeWorld,
  type ComputeWorld,
  flavorId,
  imageId,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
let foreign: string;
beforeAll(async () => {
  world = await aComputeWorld();
  foreign = (await world.server({ projectId: otherProjectId })).id;
});
afterAll(() => world.stop());

test.each([
  { name: 'no token', as: null },
  { name: 'a wrong token', as: 'forged' },
])('refused with Keystone’s message: $name', async ({ as }) => {
  const answer = await world.ask('GET /v2.1/servers', { as });
  expect(answer).toMatchObject({
    status: 401,
    body: { error: { code: 401, title: 'Unauthorized' } },
    headers: { 'www-authenticate': 'Keystone uri="http://127.0.0.1:5000/v3"' },
  });
});

test.each(['GET', 'PUT', 'DELETE'])(
  'another project’s server does not exist for a member: %s',
  async (method) => {
    const answer = await world.ask(`${method} /v2.1/servers/${foreign}`, {
      as: 'member',
      ...(method === 'PUT' && { body: { server: { name: 'mine' } } }),
    });
    expect(answer).toMatchObject({
      status: 404,
      body: { itemNotFound: { code: 404, message: `Instance ${foreign} could not be found.` } },
    });
  },
);

test('every reply has its request id twice, its microversion twice, and a Vary header', async () => {
  for (const act of ['GET /v2.1/servers', 'GET /v2.1/servers/x', 'GET /v2.1']) {
    const { headers } = await world.ask(act, { version: act === 'GET /v2.1' ? '' : '2.60' });
    const expected = act === 'GET /v2.1' ? '2.1' : '2.60';
    expect(headers).toMatchObject({
      'openstack-api-version': `compute ${expected}`,
      'x-openstack-nova-api-version': expected,
      vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
      'x-openstack-request-id': expect.stringMatching(/^req-[0-9a-f-]{36}$/),
    });
    expect(headers['x-compute-request-id']).toBe(headers['x-openstack-request-id']);
  }
});

test('the project may be in the path, and is then in the links', async () => {
  const { id } = await world.server();
  const { body } = await world.ask(`GET /v2.1/${projectId}/servers/${id}`);
  expect(body.server.links).toEqual([
    { rel: 'self', href: `http://127.0.0.1:8774/v2.1/${projectId}/servers/${id}` },
    { rel: 'bookmark', href: `http://127.0.0.1:8774/${projectId}/servers/${id}` },
  ]);
  await world.ask(`DELETE /v2.1/servers/${id}`);
});

test('v2 has no microversion and drops unknown keys', async () => {
  const { status, body, headers } = await world.ask('POST /v2/servers', {
    body: {
      server: { name: 'old', flavorRef: flavorId, imageRef: imageId, colour: 'red' },
      more: 1,
    },
  });
  expect(status).toBe(202);
  expect(headers['openstack-api-version']).toBeUndefined();
  expect(body.server.links[0].href).toBe(`http://127.0.0.1:8774/v2/servers/${body.server.id}`);
});

test('v2 strips blanks around names and treats null as no user data', async () => {
  const server = { name: '  old ', flavorRef: flavorId, imageRef: imageId, user_data: null };
  const given = { ...server, security_groups: [{ name: ' default ' }] };
  const made = await world.ask('POST /v2/servers', { body: { server: given } });
  expect(made.status).toBe(202);
  const path = `/v2/servers/${made.body.server.id}`;
  expect((await world.ask(`GET ${path}`)).body.server.name).toBe('old');
  const renamed = await world.ask(`PUT ${path}`, { body: { server: { name: ' new ' } } });
  expect(renamed.body.server.name).toBe('new');
  for (const change of [{ name: '  ' }, { name: null }]) {
    const answer = await world.ask('POST /v2/servers', {
      body: { server: { ...server, ...change } },
    });
    expect(answer.status).toBe(400);
  }
  for (const change of [{ name: 'new' }, { user_data: undefined }]) {
    const body = { server: { ...server, ...change } };
    expect((await world.ask('POST /v2.1/servers', { body, version: '2.1' })).status).toBe(400);
  }
});

test('flavor and image may be URLs', async () => {
  const { status, body } = await world.ask('POST /v2.1/servers', {
    version: '2.1',
    body: {
      server: {
        name: 's',
        flavorRef: `http://192.0.2.1:8774/v2.1/${projectId}/flavors/${flavorId}`,
        imageRef: `https://cloud.example/compute/v2.1/images/${imageId}`,
      },
    },
  });
  expect(status).toBe(202);
  const made = await world.ask(`GET /v2.1/servers/${body.server.id}`, { version: '2.46' });
  expect(made.body.server).toMatchObject({ flavor: { id: flavorId }, image: { id: imageId } });
});

test.each(['/v2', '/v2.1'])(
  '%s shows its document also below a project, with or without a token',
  async (path) => {
    const plain = await world.ask(`GET ${path}/`, { as: null, version: '' });
    for (const as of [null, 'member']) {
      for (const end of ['', '/']) {
        const answer = await world.ask(`GET ${path}/${projectId}${end}`, { as, version: '' });
        expect(answer).toMatchObject({ status: 200, body: plain.body });
      }
    }
  },
);

test('the first version of the list is v2.0, and each link leads to a document with that link', async () => {
  const { status, body } = await world.ask('GET /', { as: null });
  expect(status).toBe(200);
  expect(body.versions.map(({ id }: { id: string }) => id)).toEqual(['v2.0', 'v2.1']);
  for (const { links } of body.versions) {
    const path = links[0].href.replace('http://127.0.0.1:8774', '');
    const { body: document } = await world.ask(`GET ${path}`, { as: null });
    expect(document.version.links[0]).toEqual(links[0]);
  }
});

test('a path outside every version is answered with the available versions', async () => {
  const { status, body } = await world.ask('GET /servers', { as: null });
  expect(status).toBe(300);
  expect(body.choices[1].links).toEqual([
    { rel: 'self', href: 'http://127.0.0.1:8774/v2.1/servers' },
  ]);
});
