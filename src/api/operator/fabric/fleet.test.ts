/** The whole fleet in one answer, and the stream of its changes. */
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { wrongInReply } from '#test/operator-replies.ts';
import { aHost, aPf, aVf } from '#test/worlds/store-rows.ts';
import type { StreamLimits } from '../../fabric/fleet-events.ts';

let world: ComputeWorld;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await world.stop();
});

const vf = (number: number) =>
  aVf(`0000:81:10.${number}`, { capabilities: { sriov: { vfNum: number } } });
const held = (number: number) => ({
  ...vf(number),
  status: 'allocated' as const,
  serverId: 's1',
  requestId: 'r',
});

/** host-1 and host-2, each with a PF of two VFs. */
async function twoHosts(streams?: Partial<StreamLimits>): Promise<[string, string]> {
  world = await aComputeWorld({ ...(streams !== undefined && { streams }) });
  const add = async (name: string) => {
    const id = await aHost(world.store, [aPf(), vf(0), vf(1)], name);
    await world.store.hosts.seen(id, world.time.now);
    return id;
  };
  return [await add('host-2'), await add('host-1')];
}

/** Takes or releases a VF, as a commit of any process does. */
async function hold(hostId: string, number: number, isHeld = true): Promise<void> {
  const host = await world.store.hosts.get(hostId);
  const devices = [isHeld ? held(number) : vf(number)];
  await world.store.hosts.update({ hostId, generation: host?.generation ?? 0, devices });
}

const fleet = async () => (await world.ask('GET /novella/v1/fleet', { version: '' })).body;

test('the fleet has each host with a letter per VF, and the number of the newest change', async () => {
  const [hostId] = await twoHosts();
  const before = await fleet();
  expect(before.hosts.map(({ name }: { name: string }) => name)).toEqual(['host-1', 'host-2']);
  expect(before.hosts[1]).toEqual({
    name: 'host-2',
    zone: 'nova',
    state: 'up',
    enabled: true,
    problems: [],
    pfs: [
      {
        address: '0000:81:00.0',
        ifname: 'ens1f0',
        numa_node: 0,
        networks: ['physnet1'],
        pf: 'f',
        vfs: 'ff',
      },
    ],
    plain: '',
  });
  await hold(hostId, 1);
  const after = await fleet();
  expect(after.hosts[1].pfs[0].vfs).toBe('fh');
  expect(after.change).toBe(before.change + 1);
});

test('a heartbeat is no change; state, problems and reach of hosts are', async () => {
  const [hostId] = await twoHosts();
  const { change } = await fleet();
  await world.store.hosts.seen(hostId, world.time.now + 1);
  expect((await fleet()).change).toBe(change);
  const update = async (fields: object) => {
    const host = await world.store.hosts.get(hostId);
    await world.store.hosts.update({ hostId, generation: host?.generation ?? 0, ...fields });
    return (await fleet()).hosts[1];
  };
  const problem = { code: 'pf-down', message: 'down', blocks: 'all' } as const;
  expect(await update({ problems: [problem, problem] })).toMatchObject({ problems: ['pf-down'] });
  expect(await update({ enabled: false })).toMatchObject({ enabled: false, state: 'up' });
  expect(await update({ forcedDown: true })).toMatchObject({ state: 'forced-down' });
  world.time.now += 3_600_000;
  const [silent] = (await fleet()).hosts;
  expect(silent).toMatchObject({ name: 'host-1', state: 'down' });
  await world.store.hosts.forget(hostId);
  expect((await fleet()).hosts).toHaveLength(1);
});

test('it is compressed for those who accept that', async () => {
  await twoHosts();
  const plain = await fleet();
  for (const [accepted, isCompressed] of [
    ['gzip, br', true],
    ['br;q=1.0, gzip;q=0.8', true],
    ['gzip;q=0', false],
    ['identity', false],
  ] as const) {
    const reply = await world.app.inject({
      url: '/novella/v1/fleet',
      headers: { 'x-auth-token': 'admin', 'accept-encoding': accepted },
    });
    expect(reply.headers['content-encoding']).toBe(isCompressed ? 'gzip' : undefined);
    const text = isCompressed ? gunzipSync(reply.rawPayload).toString() : reply.payload;
    expect(JSON.parse(text)).toEqual(plain);
  }
});

interface SeenEvent {
  id: number;
  event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- of several shapes
  data: any;
}

/** Opens a stream and collects its events. */
async function listen(query = '', headers: Record<string, string> = {}) {
  const address = await world.app.listen({ port: 0, host: '127.0.0.1' }).catch(() => undefined);
  const { port } = world.app.server.address() as { port: number };
  const url = `${address ?? `http://127.0.0.1:${port}`}/novella/v1/events${query}`;
  const abort = new AbortController();
  const reply = await fetch(url, {
    headers: { 'x-auth-token': 'admin', ...headers },
    signal: abort.signal,
  });
  const events: SeenEvent[] = [];
  const lines: string[] = [];
  const ended = (async () => {
    let text = '';
    for await (const part of reply.body ?? []) {
      text += Buffer.from(part).toString();
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        lines.push(block);
        expect(wrongInReply({ method: 'GET', url, status: 200, body: block })).toEqual([]);
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const [event, data] = [field('event'), field('data')];
        if (event === undefined || data === undefined) continue;
        events.push({ id: Number(field('id')), event, data: JSON.parse(data) });
      }
    }
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  stops.push(
    () => abort.abort(),
    () => ended,
  );
  const named = (event: string) => events.filter((one) => one.event === event);
  return { reply, events, lines, ended, named, leave: () => abort.abort() };
}

const open = { lifeMs: 60_000 };

test('a stream begins where the snapshot ended, and has the hosts that changed', async () => {
  const [two, one] = await twoHosts(open);
  const { change } = await fleet();
  await hold(one, 0);
  const stream = await listen(`?since=${change}`);
  expect(stream.reply.headers.get('content-type')).toBe('text/event-stream');
  await expect.poll(() => stream.events).toHaveLength(1);
  await hold(two, 1);
  await world.store.hosts.seen(one, world.time.now + 5);
  await expect.poll(() => stream.events).toHaveLength(2);
  await world.store.hosts.forget(one);
  await expect.poll(() => stream.events).toHaveLength(3);
  const { hosts } = await fleet();
  expect(stream.events).toMatchObject([
    { id: change + 1, event: 'host', data: { name: 'host-1', pfs: [{ vfs: 'hf' }] } },
    { id: change + 2, event: 'host', data: hosts[0] },
    { id: change + 3, event: 'removed', data: { name: 'host-1' } },
  ]);
});

test('a host that changes often has one event in each interval, with its last state', async () => {
  const [hostId] = await twoHosts({ ...open, tickMs: 250 });
  const { change } = await fleet();
  const stream = await listen(`?since=${change}`);
  for (let at = 0; at < 40; at += 1) await hold(hostId, 1, at % 2 === 1);
  await hold(hostId, 0);
  await expect.poll(() => stream.events.at(-1)?.data.pfs[0].vfs, { timeout: 5_000 }).toBe('hh');
  expect(stream.events.length).toBeLessThan(10);
});

test('a reader that returns gets what it missed; its header counts, not its URL', async () => {
  const [hostId] = await twoHosts(open);
  const { change } = await fleet();
  await hold(hostId, 0);
  await fleet();
  await hold(hostId, 1);
  const missed = await listen(`?since=1`, { 'last-event-id': String(change) });
  await expect.poll(() => missed.events.length).toBeGreaterThan(0);
  expect(missed.events).toMatchObject([{ event: 'host', data: { pfs: [{ vfs: 'hh' }] } }]);
});

test.each([
  ['of another process', '?since=5', {}],
  ['of the future', '?since=9007199254740991', {}],
  ['that is none', '', { 'last-event-id': 'x' }],
])('a change %s: the reader gets a reset, and then what comes', async (_, query, headers) => {
  const [hostId] = await twoHosts(open);
  const stream = await listen(query, headers);
  const { change } = await fleet();
  await expect
    .poll(() => stream.events)
    .toEqual([{ id: change, event: 'reset', data: { change } }]);
  await hold(hostId, 0);
  await expect.poll(() => stream.named('host')).toHaveLength(1);
});

test('a reader that missed too many hosts gets a reset', async () => {
  const [two, one] = await twoHosts({ ...open, mostMissed: 1 });
  const { change } = await fleet();
  await hold(one, 0);
  await hold(two, 0);
  const stream = await listen(`?since=${change}`);
  await expect.poll(() => stream.events).toHaveLength(1);
  expect(stream.events).toMatchObject([{ event: 'reset', data: { change: change + 2 } }]);
});

test('without a change to begin with, only what comes is sent', async () => {
  const [hostId] = await twoHosts(open);
  const stream = await listen();
  await expect.poll(() => stream.named('start')).toHaveLength(1);
  await hold(hostId, 0);
  await expect.poll(() => stream.named('host')).toHaveLength(1);
});

test('a since that is no number is refused', async () => {
  await twoHosts();
  const { status } = await world.ask('GET /novella/v1/events?since=x', { version: '' });
  expect(status).toBe(400);
});

test('an idle stream has comments, and ends after its time', async () => {
  await twoHosts({ lifeMs: 300, commentMs: 20 });
  const stream = await listen();
  await stream.ended;
  expect(stream.lines.filter((line) => line === ':').length).toBeGreaterThan(2);
  expect(stream.events.at(-1)).toMatchObject({ event: 'end' });
});

test('a stream ends when its reader may no longer read', async () => {
  await twoHosts({ ...open, recheckMs: 20 });
  const stream = await listen();
  await expect.poll(() => stream.named('start')).toHaveLength(1);
  world.useRules({ 'novella:fleet': '!' });
  await stream.ended;
  expect(stream.named('end')).toMatchObject([
    { data: { reason: "Policy doesn't allow novella:fleet to be performed." } },
  ]);
});

test('a stream ends when the service stops', async () => {
  await twoHosts(open);
  const stream = await listen();
  await expect.poll(() => stream.named('start')).toHaveLength(1);
  await world.app.close();
  await stream.ended;
  expect(stream.named('end')).toMatchObject([{ data: { reason: 'the controller is stopping' } }]);
});

test('the streams of one user, and all of them, are bounded', async () => {
  await twoHosts({ ...open, streamsOfUser: 1 });
  const first = await listen();
  await expect.poll(() => first.named('start')).toHaveLength(1);
  const second = await listen();
  expect(second.reply.status).toBe(429);
  first.leave();
  await first.ended;
  await expect.poll(async () => (await listen()).reply.status).toBe(200);
});

test.each(['member', 'reader', 'manager', 'service'])('a %s sees no host', async (role) => {
  await twoHosts();
  for (const path of ['fleet', 'events', 'events?since=5']) {
    const { status } = await world.ask(`GET /novella/v1/${path}`, { as: role, version: '' });
    expect(status).toBe(403);
  }
});
