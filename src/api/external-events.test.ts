/** What other services report of servers, event by event. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

test('each external event is answered separately', async () => {
  const placed = await world.activeServer();
  const waiting = await world.server();
  const name = 'network-vif-plugged';
  const unknown = crypto.randomUUID();
  const { status, body } = await world.ask('POST /v2.1/os-server-external-events', {
    as: 'service',
    version: '2.1',
    body: {
      events: [placed.id, waiting.id, unknown].map((server_uuid) => ({
        name,
        server_uuid,
        tag: 'p',
      })),
    },
  });
  expect(status).toBe(207);
  expect(body.events).toEqual([
    { name, server_uuid: placed.id, tag: 'p', status: 'completed', code: 200 },
    { name, server_uuid: waiting.id, tag: 'p', status: 'failed', code: 422 },
    { name, server_uuid: unknown, tag: 'p', status: 'failed', code: 404 },
  ]);
});

test('an event that calls for a poll is kept for the server, by port; an unplugged port is not', async () => {
  const { id } = await world.activeServer();
  const reported = ['changed', 'vif-plugged', 'vif-unplugged', 'vif-deleted'];
  const { status } = await world.ask('POST /v2.1/os-server-external-events', {
    as: 'service',
    body: {
      events: reported.map((name) => ({ name: `network-${name}`, server_uuid: id, tag: 'port-1' })),
    },
  });
  expect(status).toBe(200);
  const kept = await world.store.networkEvents.of(id);
  expect(kept.map(({ kind, portId }) => [kind, portId])).toEqual([
    ['changed', 'port-1'],
    ['plugged', 'port-1'],
    ['deleted', 'port-1'],
  ]);
});

test.each([
  { name: 'volume-extended', from: 51, untagged: 400 },
  { name: 'power-update', from: 76, untagged: 200 },
  { name: 'accelerator-request-bound', from: 82, untagged: 400 },
  { name: 'volume-reimaged', from: 93, untagged: 400 },
])('$name is an event from 2.$from on; without a tag: $untagged', async (each) => {
  const { id } = await world.activeServer();
  const send = (minor: number, tag: object) =>
    world.ask('POST /v2.1/os-server-external-events', {
      as: 'service',
      version: `2.${minor}`,
      body: { events: [{ name: each.name, server_uuid: id, ...tag }] },
    });
  expect((await send(each.from - 1, { tag: 't' })).status).toBe(400);
  expect((await send(each.from, { tag: 't' })).status).toBe(200);
  expect((await send(96, {})).body.events[0].code).toBe(each.untagged);
});

test.each([
  { name: 'from a member', as: 'member', event: {}, version: '2.1', status: 403 },
  { name: 'of an unknown name', as: 'service', event: { name: 'x' }, version: '2.1', status: 400 },
  {
    name: 'before their version',
    as: 'service',
    event: { name: 'volume-extended' },
    version: '2.50',
    status: 400,
  },
  {
    name: 'with unknown keys',
    as: 'service',
    event: { colour: 'red' },
    version: '2.1',
    status: 400,
  },
])('external events $name are refused', async ({ as, event, version, status }) => {
  const whole = { name: 'network-changed', server_uuid: crypto.randomUUID(), ...event };
  const body = { events: [whole] };
  const answer = await world.ask('POST /v2.1/os-server-external-events', { as, version, body });
  expect(answer.status).toBe(status);
});
