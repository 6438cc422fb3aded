/** Host aggregates over the API: views by version, zones, and every refusal. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, bootBody, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { aHost } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
  for (const name of ['host-1', 'host-2']) await aHost(world.store, [], name);
});
afterEach(() => world.stop());

const path = '/v2.1/os-aggregates';
const make = async (name: string, zone?: string | null): Promise<number> => {
  const aggregate = { name, ...(zone !== undefined && { availability_zone: zone }) };
  const { status, body } = await world.ask(`POST ${path}`, { body: { aggregate } });
  expect(status).toBe(200);
  return body.aggregate.id;
};
const act = (id: number | string, action: string, given: object) =>
  world.ask(`POST ${path}/${id}/action`, { body: { [action]: given } });
const put = (id: number | string, aggregate: object) =>
  world.ask(`PUT ${path}/${id}`, { body: { aggregate } });
const zonesOf = async () => {
  const { body } = await world.ask('GET /v2.1/os-availability-zone/detail');
  return body.availabilityZoneInfo.map(
    ({ zoneName, hosts }: { zoneName: string; hosts: object }) =>
      `${zoneName}: ${Object.keys(hosts).join(' ')}`,
  );
};

const created = {
  id: 1,
  name: 'fast',
  availability_zone: 'west',
  created_at: '2026-11-23T07:30:00.000000',
  updated_at: null,
  deleted: false,
  deleted_at: null,
};

test('an aggregate has its uuid from 2.41 on; the reply of its creation lacks hosts and metadata', async () => {
  const aggregate = { name: 'fast', availability_zone: 'west' };
  const reply = await world.ask(`POST ${path}`, { body: { aggregate }, version: '2.40' });
  expect(reply.body.aggregate).toEqual(created);
  const whole = { ...created, hosts: [], metadata: { availability_zone: 'west' } };
  const at = (version: string) => world.ask(`GET ${path}/1`, { version });
  expect((await at('2.40')).body.aggregate).toEqual(whole);
  const { body } = await at('2.41');
  expect(body.aggregate).toEqual({ ...whole, uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect((await world.ask(`GET ${path}`)).body).toEqual({ aggregates: [body.aggregate] });
});

test('a host takes the zone of its aggregate, and the default one when it leaves', async () => {
  const id = await make('fast', 'west');
  expect(await zonesOf()).toEqual(['nova: host-1 host-2']);
  const added = await act(id, 'add_host', { host: 'host-1' });
  expect(added).toMatchObject({ status: 200, body: { aggregate: { hosts: ['host-1'] } } });
  expect(await zonesOf()).toEqual(['nova: host-2', 'west: host-1']);
  const service = (await world.ask('GET /v2.1/os-services?host=host-1')).body.services[0];
  expect(service.zone).toBe('west');
  const renamed = await put(id, { availability_zone: 'north' });
  expect(renamed.body.aggregate).toMatchObject({ availability_zone: 'north' });
  expect(await zonesOf()).toEqual(['north: host-1', 'nova: host-2']);
  const removed = await act(id, 'remove_host', { host: 'host-1' });
  expect(removed.body.aggregate.hosts).toEqual([]);
  expect(await zonesOf()).toEqual(['nova: host-1 host-2']);
  expect((await world.ask(`DELETE ${path}/${id}`)).status).toBe(200);
  expect((await world.ask(`DELETE ${path}/${id}`)).status).toBe(404);
});

test('metadata is set by key, null removes a key, and a name loses its outer blanks', async () => {
  const id = await make('fast');
  const set = (metadata: object) => act(id, 'set_metadata', { metadata });
  await set({ ssd: 'true', gpu: 'a,b' });
  const { body } = await set({ gpu: null, cores: '8' });
  expect(body.aggregate).toMatchObject({ metadata: { ssd: 'true', cores: '8' } });
  expect(body.aggregate.updated_at).toBe('2026-11-23T07:30:00.000000');
  expect((await put(id, { name: ' slow ' })).body.aggregate.name).toBe('slow');
});

test('a server is placed in a zone that has an enabled host, and in no other', async () => {
  const id = await make('fast', 'west');
  const boot = (zone: string) =>
    world.ask('POST /v2.1/servers', { body: bootBody({ availability_zone: zone }) });
  expect((await boot('west')).status).toBe(400);
  await act(id, 'add_host', { host: 'host-1' });
  expect((await boot('west')).status).toBe(202);
  expect((await boot('west:host-1')).status).toBe(202);
  const [service] = (await world.ask('GET /v2.1/os-services?host=host-1')).body.services;
  await world.ask(`PUT /v2.1/os-services/${service.id}`, { body: { status: 'disabled' } });
  expect(faultOf(await boot('west')).message).toContain("no enabled host is in 'west'");
});

test('a host with servers keeps its zone', async () => {
  const server = await world.activeServer();
  const [west, plain] = [await make('fast', 'west'), await make('plain')];
  expect(faultOf(await act(west, 'add_host', { host: 'host-1' }))).toMatchObject({
    code: 409,
    message: `Cannot add host to aggregate ${west}. Reason: the zone of host host-1 would change from none to west, and it has 1 server; move or delete them first.`,
  });
  expect((await act(plain, 'add_host', { host: 'host-1' })).status).toBe(200);
  const zoned = { metadata: { availability_zone: 'west' } };
  expect(faultOf(await act(plain, 'set_metadata', zoned))).toMatchObject({ code: 400 });
  expect(faultOf(await put(plain, { availability_zone: 'west' }))).toMatchObject({ code: 400 });
  await world.store.servers.update(server.id, { deletedAt: world.time.now });
  expect((await act(plain, 'set_metadata', zoned)).status).toBe(200);
});

test.each([
  { what: 'a taken name', call: `POST ${path}`, body: { aggregate: { name: 'one' } }, code: 409 },
  { what: 'no name', call: `POST ${path}`, body: { aggregate: {} }, code: 400 },
  {
    what: 'a blank before the name',
    call: `POST ${path}`,
    body: { aggregate: { name: ' x' } },
    code: 400,
  },
  {
    what: 'a zone with a colon',
    call: `POST ${path}`,
    body: { aggregate: { name: 'x', availability_zone: 'a:b' } },
    code: 400,
  },
  {
    what: 'an unknown key',
    call: `POST ${path}`,
    body: { aggregate: { name: 'x', hosts: [] } },
    code: 400,
  },
  { what: 'no change', call: `PUT ${path}/1`, body: { aggregate: {} }, code: 400 },
  {
    what: 'a zone that is taken away',
    call: `PUT ${path}/1`,
    body: { aggregate: { availability_zone: null } },
    code: 400,
  },
  {
    what: 'a zone that is set to null',
    call: `POST ${path}/1/action`,
    body: { set_metadata: { metadata: { availability_zone: null } } },
    code: 400,
  },
  {
    what: 'a metadata value that is a number',
    call: `POST ${path}/1/action`,
    body: { set_metadata: { metadata: { a: 1 } } },
    code: 400,
  },
  {
    what: 'the name of another',
    call: `PUT ${path}/1`,
    body: { aggregate: { name: 'two' } },
    code: 409,
  },
  {
    what: 'an unknown aggregate',
    call: `PUT ${path}/9`,
    body: { aggregate: { name: 'x' } },
    code: 404,
  },
  { what: 'an id that is no number', call: `DELETE ${path}/one`, body: undefined, code: 400 },
  { what: 'a name in place of an id', call: `GET ${path}/one`, body: undefined, code: 404 },
  {
    what: 'an unknown host',
    call: `POST ${path}/1/action`,
    body: { add_host: { host: 'host-9' } },
    code: 404,
  },
  {
    what: 'a host that is there',
    call: `POST ${path}/1/action`,
    body: { add_host: { host: 'host-1' } },
    code: 409,
  },
  {
    what: 'a host of another zone',
    call: `POST ${path}/2/action`,
    body: { add_host: { host: 'host-1' } },
    code: 409,
  },
  {
    what: 'a host that is not there',
    call: `POST ${path}/2/action`,
    body: { remove_host: { host: 'host-2' } },
    code: 404,
  },
  { what: 'an aggregate with hosts', call: `DELETE ${path}/1`, body: undefined, code: 400 },
  { what: 'an unknown action', call: `POST ${path}/1/action`, body: { explode: {} }, code: 400 },
])('$what is refused with $code', async ({ call, body, code }) => {
  await make('one', 'west');
  await make('two', 'east');
  await act(1, 'add_host', { host: 'host-1' });
  const reply = await world.ask(call, body === undefined ? {} : { body });
  expect(faultOf(reply).code).toBe(code);
});

test.each(['member', 'reader'])('aggregates are not for a %s', async (as) => {
  expect((await world.ask(`GET ${path}`, { as })).status).toBe(403);
  const body = { aggregate: { name: 'x' } };
  expect((await world.ask(`POST ${path}`, { as, body })).status).toBe(403);
  const add = { add_host: { host: 'host-1' } };
  expect((await world.ask(`POST ${path}/1/action`, { as, body: add })).status).toBe(403);
});

test('the linked hosts of an aggregate are requested to fetch images, each once', async () => {
  const id = await make('fast');
  await act(id, 'add_host', { host: 'host-1' });
  await act(id, 'add_host', { host: 'host-2' });
  const host = await world.store.hosts.named('host-1');
  const requested: string[] = [];
  world.context.links.imageCaches.linked(host!.id, (imageId) => requested.push(imageId));
  const images = [1, 2].map((at) => ({ id: `00000000-0000-4000-8000-00000000000${at}` }));
  const cache = (of: number | string, given: object, more = {}) =>
    world.ask(`POST ${path}/${of}/images`, { body: given, ...more });
  expect((await cache(id, { cache: images })).status).toBe(202);
  expect(requested).toEqual(images.map((image) => image.id));
  expect(faultOf(await cache(id, { cache: [images[0], images[0]] }))).toMatchObject({
    code: 400,
    message: 'cache: has an image twice; name each once',
  });
  for (const wrong of [{ cache: [] }, { cache: [{ id: 'x' }] }, {}, { cache: [{}] }]) {
    expect((await cache(id, wrong)).status).toBe(400);
  }
  expect((await cache(99, { cache: images })).status).toBe(404);
  expect((await cache(id, { cache: images }, { version: '2.80' })).status).toBe(404);
  expect((await cache(id, { cache: images }, { as: 'member' })).status).toBe(403);
});
