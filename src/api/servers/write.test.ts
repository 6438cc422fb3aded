/** Servers created, changed and deleted over the API. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  type ComputeWorld,
  flavorId,
  imageId,
  portId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

test('PUT answers briefly before 2.75 and like GET from it on', async () => {
  const { id } = await world.activeServer();
  const change = { body: { server: { name: 'renamed', accessIPv6: '::babe:220.12.22.2' } } };
  const short = await world.ask(`PUT /v2.1/servers/${id}`, { ...change, version: '2.74' });
  expect(short.status).toBe(200);
  expect(short.body.server).toMatchObject({ name: 'renamed', accessIPv6: '::babe:dc0c:1602' });
  expect(short.body.server.addresses).toEqual({ red: [{ version: 4, addr: '10.20.0.5' }] });
  expect(Object.keys(short.body.server).filter((key) => key.includes('OS-EXT'))).toEqual([]);
  expect(short.body.server).not.toHaveProperty('key_name');
  const full = await world.ask(`PUT /v2.1/servers/${id}`, change);
  const shown = await world.ask(`GET /v2.1/servers/${id}`);
  expect(full.body).toEqual(shown.body);
});

test('the description exists from 2.19 on', async () => {
  const { id } = await world.activeServer();
  const change = { body: { server: { description: 'for tests' } } };
  const early = await world.ask(`PUT /v2.1/servers/${id}`, { ...change, version: '2.18' });
  expect(early.status).toBe(400);
  const { body } = await world.ask(`PUT /v2.1/servers/${id}`, { ...change, version: '2.19' });
  expect(body.server.description).toBe('for tests');
});

test('a new server is answered with its Location, and waits to be scheduled', async () => {
  const made = await world.ask('POST /v2.1/servers', {
    as: 'member',
    body: {
      server: {
        name: 'My Web',
        flavorRef: flavorId,
        imageRef: imageId,
        networks: [{ port: portId }],
      },
    },
  });
  expect(made.status).toBe(202);
  const { id } = made.body.server;
  expect(made.headers['location']).toBe(`http://127.0.0.1:8774/v2.1/servers/${id}`);
  expect(Object.keys(made.body.server).sort()).toEqual(
    ['OS-DCF:diskConfig', 'adminPass', 'id', 'links', 'security_groups'].sort(),
  );
  const stored = await world.store.servers.get(id);
  expect(stored).toMatchObject({ name: 'My Web', hostname: 'my-web', vmState: 'building' });
  expect(stored?.nics).toMatchObject([{ portId, pciRequestId: expect.any(String) }]);
});

test('several servers are requested by count and found by reservation', async () => {
  const { body } = await world.ask('POST /v2.1/servers', {
    body: {
      server: {
        name: 'w',
        flavorRef: flavorId,
        imageRef: imageId,
        networks: 'none',
        min_count: '2',
        return_reservation_id: true,
      },
    },
  });
  const found = await world.ask(`GET /v2.1/servers?reservation_id=${body.reservation_id}`);
  expect(found.body.servers.map(({ name }: { name: string }) => name).sort()).toEqual([
    'w-1',
    'w-2',
  ]);
});

test('DELETE begins the deletion, and a repeat changes nothing', async () => {
  const { id } = await world.activeServer();
  expect((await world.ask(`DELETE /v2.1/servers/${id}`, { as: 'member' })).status).toBe(204);
  expect((await world.ask(`DELETE /v2.1/servers/${id}`, { as: 'member' })).status).toBe(204);
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(body.server['OS-EXT-STS:task_state']).toBe('deleting');
});

test('a locked server can be deleted by administrators only', async () => {
  const { id } = await world.activeServer({ locked: true });
  const refused = await world.ask(`DELETE /v2.1/servers/${id}`, { as: 'member' });
  expect(refused).toMatchObject({
    status: 409,
    body: { conflictingRequest: { code: 409, message: `Instance ${id} is locked` } },
  });
  expect((await world.ask(`DELETE /v2.1/servers/${id}`)).status).toBe(204);
});
