/** What Nova has and Novella does not: refused by name, in the versions that have it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { titleOf } from '#http/routes/route.ts';
import { maxVersion } from './requests/negotiate.ts';
import { notOffered } from './not-offered.ts';
import { removed } from './removed.ts';

let world: ComputeWorld;
beforeAll(async () => {
  world = await aComputeWorld();
});
afterAll(() => world.stop());

const id = '00000000-0000-4000-8000-000000000000';
const pathOf = (path: string) => `/v2.1${path.replaceAll(/:\w+/g, id)}`;

test('every call is refused with 501 by its name in each version that has it', async () => {
  for (const route of notOffered) {
    const body = route.action === undefined ? {} : { [route.action]: {} };
    for (const version of [route.from ?? 1, route.to ?? maxVersion]) {
      const answer = await world.ask(`${route.method} ${pathOf(route.path)}`, {
        version: `2.${version}`,
        ...((route.method === 'POST' || route.method === 'PUT') && { body }),
      });
      expect(faultOf(answer), `${titleOf(route)} in 2.${version}`).toEqual({
        name: 'notImplemented',
        code: 501,
        message: `${titleOf(route)} is not supported by Novella (see docs/api-coverage.md)`,
      });
    }
  }
});

test('every call that Nova has removed answers 410 by its name, in each version that has it', async () => {
  for (const route of removed) {
    const body = route.action === undefined ? { any: {} } : { [route.action]: null };
    for (const version of [route.from ?? 1, route.to ?? maxVersion]) {
      const answer = await world.ask(`${route.method} ${pathOf(route.path)}`, {
        as: 'reader',
        version: `2.${version}`,
        ...((route.method === 'POST' || route.method === 'PUT') && { body }),
      });
      expect(faultOf(answer), `${titleOf(route)} in 2.${version}`).toEqual({
        name: 'computeFault',
        code: 410,
        message: `${route.method} ${route.path}: this resource was removed from the compute API.`,
      });
    }
  }
});

test('a call that Nova removed at a microversion is not found from the next one on, with any method', async () => {
  const ended = [...notOffered, ...removed].filter(({ to }) => to !== undefined);
  expect(ended.length).toBeGreaterThan(40);
  for (const { method, path, to = 0 } of ended) {
    for (const requested of [method, 'PATCH']) {
      const answer = await world.ask(`${requested} ${pathOf(path)}`, { version: `2.${to + 1}` });
      expect(faultOf(answer), `${requested} ${path}`).toMatchObject({
        name: 'itemNotFound',
        code: 404,
      });
    }
  }
});

test('an action that Nova removed at a microversion is not found from the next one on', async () => {
  const act = `POST /v2.1/servers/${id}/action`;
  const body = { addFloatingIp: { address: '192.0.2.1' } };
  expect((await world.ask(act, { version: '2.43', body })).status).toBe(501);
  expect((await world.ask(act, { version: '2.44', body })).status).toBe(404);
});

test('the methods of a path are those of the microversion', async () => {
  const allowed = async (version: string) => {
    const answer = await world.ask(`PATCH /v2.1/flavors/${id}`, { version });
    expect(answer.status).toBe(405);
    return answer.headers['allow'];
  };
  expect(await allowed('2.54')).toBe('GET, DELETE');
  expect(await allowed('2.55')).toBe('GET, PUT, DELETE');
});

test('older clients find the extensions that are offered', async () => {
  const { body } = await world.ask('GET /v2.1/extensions', { as: 'reader', version: '2.1' });
  expect(body.extensions).toContainEqual({
    alias: 'os-hypervisors',
    name: 'Hypervisors',
    description: '',
    links: [],
    namespace: 'http://docs.openstack.org/compute/ext/fake_xml',
    updated: '2014-12-03T00:00:00Z',
  });
  expect(body.extensions.map(({ alias }: { alias: string }) => alias)).not.toContain('os-volumes');
  const one = await world.ask('GET /v2.1/extensions/OS-DCF');
  expect(one.body.extension.name).toBe('DiskConfig');
  expect((await world.ask('GET /v2.1/extensions/os-volumes')).status).toBe(404);
});
