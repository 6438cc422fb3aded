/** Decisions of all servers over the API, and the devices of one server. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Rejection } from '#core/scheduling/decision.ts';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { aBoot, aHost, aVf, toStep } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const get = (path: string, as = 'admin') =>
  world.ask(`GET /novella/v1/${path}`, { as, version: '' });

function rejection(host: string, message: string): Rejection {
  const other = { code: 'x', message: 'a second reason', data: { free: 0 } };
  return { host, filter: 'pci', reasons: [{ code: 'pci-exhausted', message }, other] };
}

/** A server with this decision; its id. */
async function decided(chosen: string | null, rejections: Rejection[] = []): Promise<string> {
  const task = await aBoot(world.store);
  const decision = {
    serverId: task.serverId,
    attempt: 1,
    decidedAt: 1_000,
    chosen,
    candidates: chosen === null ? [] : [{ host: chosen, weight: 1, weights: { ram: 1 } }],
    rejections,
    devices: chosen === null ? [] : [{ requestId: 'r', address: 'a', pool: 'p' }],
  };
  await world.store.commit(toStep(task, 'schedule', { decision }));
  return task.serverId;
}

const none = 'physnet1: 0 of 1 VF free';

test('decisions come newest first, refused ones with the hosts grouped by reason', async () => {
  const placed = await decided('host-1', [rejection('host-2', none)]);
  const refused = await decided(null, [
    rejection('host-1', 'physnet1: 0 of 2 VFs free'),
    rejection('host-2', none),
    rejection('host-3', none),
  ]);
  const { body } = await get('decisions');
  const group = { filter: 'pci', code: 'pci-exhausted' };
  expect(body).toEqual({
    decisions: [
      {
        id: 2,
        instance_uuid: refused,
        attempt: 1,
        decided_at: '1970-01-01T00:00:01Z',
        chosen: null,
        candidates: 0,
        devices: [],
        refusals: [
          { ...group, message: none, hosts: 2, host: 'host-2' },
          { ...group, message: 'physnet1: 0 of 2 VFs free', hosts: 1, host: 'host-1' },
        ],
      },
      {
        id: 1,
        instance_uuid: placed,
        attempt: 1,
        decided_at: '1970-01-01T00:00:01Z',
        chosen: 'host-1',
        candidates: 1,
        devices: [{ request_id: 'r', address: 'a', pool: 'p' }],
        refusals: [{ ...group, message: none, hosts: 1, host: 'host-2' }],
      },
    ],
  });
  const whole = await get('decisions/2');
  expect(whole.body.decision).toMatchObject({
    id: 2,
    instance_uuid: refused,
    rejections: [{ host: 'host-1', reasons: [{}, { message: 'a second reason' }] }, {}, {}],
  });
});

test('decisions are filtered and paged', async () => {
  const servers = [];
  for (const chosen of [null, 'host-1', 'host-2', null, 'host-1']) {
    servers.push(await decided(chosen));
  }
  const idsOf = async (query: string) =>
    (await get(`decisions?${query}`)).body.decisions.map(({ id }: { id: number }) => id);
  expect(await idsOf('refused=true')).toEqual([4, 1]);
  expect(await idsOf('refused=False')).toEqual([5, 3, 2]);
  expect(await idsOf('host=host-1')).toEqual([5, 2]);
  expect(await idsOf(`instance_uuid=${servers[3]}`)).toEqual([4]);
  const { body } = await get('decisions?limit=2&refused=false');
  const [{ href }] = body.decisions_links;
  expect(href).toContain('/novella/v1/decisions?');
  const rest = await world.ask(`GET ${new URL(href).pathname}${new URL(href).search}`, {
    version: '',
  });
  expect(rest.body).toMatchObject({ decisions: [{ id: 2 }] });
  expect(rest.body.decisions_links).toBeUndefined();
});

test('a page has at most 100 decisions', async () => {
  for (let at = 0; at < 101; at += 1) await decided('host-1');
  const { body } = await get('decisions?limit=1000');
  expect(body.decisions).toHaveLength(100);
  expect(body.decisions_links).toHaveLength(1);
});

test.each([
  ['decisions?marker=x', 400, 'marker [x] not found'],
  ['decisions?refused=perhaps', 400, 'query parameters refused. Value: perhaps. must be a boolean'],
  ['decisions?server=x', 400, "('server' was unexpected)"],
  ['decisions/x', 404, 'Decision x could not be found.'],
  ['decisions/7', 404, 'Decision 7 could not be found.'],
  ['servers/x/devices', 404, 'Instance x could not be found.'],
])('%s is answered with %i: %s', async (path, status, message) => {
  const answer = await get(path);
  expect([answer.status, faultOf(answer).message]).toEqual([
    status,
    expect.stringContaining(message),
  ]);
});

test.each(['decisions', 'decisions/1', 'servers/x/devices'])(
  'a member may not read %s',
  async (path) => {
    expect((await get(path, 'member')).status).toBe(403);
  },
);

test('the devices of a server are those of every host, also while it moves', async () => {
  const { id } = await world.server();
  const held = { serverId: id, requestId: 'r', status: 'claimed' } as const;
  await aHost(world.store, [aVf('0000:81:10.1', held)], 'host-2');
  await aHost(world.store, [aVf('0000:81:10.0', held), aVf('0000:81:10.2')], 'host-1');
  const places = [
    { host: 'host-1', address: '0000:81:10.0', instance_uuid: id },
    { host: 'host-2', address: '0000:81:10.1', instance_uuid: id },
  ];
  expect((await get(`servers/${id}/devices`)).body.devices).toMatchObject(places);
  expect((await get(`servers/${id}/explain`)).body.devices).toMatchObject(places);
});

function refusedBy(host: string, code: string, message: string): Rejection {
  return { host, filter: code === 'pci-exhausted' ? 'pci' : 'alive', reasons: [{ code, message }] };
}

test('refusals are counted by reason over the newest refused decisions', async () => {
  await decided('host-1', [rejection('host-2', none)]);
  await decided(null, [rejection('host-1', none), rejection('host-2', none)]);
  const newest = await decided(null, [
    refusedBy('host-1', 'host-down', 'down'),
    rejection('host-2', 'physnet2: 0 of 1 VF free'),
  ]);
  const { body } = await get('decisions/refusals');
  const of = { decision_id: 3, instance_uuid: newest, decided_at: '1970-01-01T00:00:01Z' };
  const expected = {
    decisions: 2,
    first_at: '1970-01-01T00:00:01Z',
    last_at: '1970-01-01T00:00:01Z',
    refusals: [
      {
        filter: 'pci',
        code: 'pci-exhausted',
        decisions: 2,
        hosts: 3,
        ...of,
        host: 'host-2',
        message: 'physnet2: 0 of 1 VF free',
      },
      {
        filter: 'alive',
        code: 'host-down',
        decisions: 1,
        hosts: 1,
        ...of,
        host: 'host-1',
        message: 'down',
      },
    ],
  };
  expect(body).toEqual(expected);
  // What was counted is not read again.
  expect((await get('decisions/refusals')).body).toEqual(expected);
  const first = (await get('decisions/refusals?limit=1')).body;
  expect(first).toMatchObject({ decisions: 1, refusals: [{}, {}] });
  const next = new URL(first.decisions_links[0].href);
  const second = (await get(`decisions/refusals${next.search}`)).body;
  expect(second.refusals).toMatchObject([{ decisions: 1, hosts: 2, decision_id: 2 }]);
  const ofServer = (await get(`decisions/refusals?instance_uuid=${newest}`)).body;
  expect(ofServer.decisions).toBe(1);
});

test('without refused decisions there is nothing to count', async () => {
  const empty = { decisions: 0, first_at: null, last_at: null, refusals: [] };
  expect((await get('decisions/refusals')).body).toEqual(empty);
  expect((await get('decisions/refusals', 'member')).status).toBe(403);
});
