/**
 * A host fails, or its agent is killed, at every call of a move: afterwards the server is on one
 * host, in the state it was in, with its devices and ports, and the other host has nothing of it.
 */
import { expect } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  bindingOf,
  movesOf,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** A pair of hosts with a server of its own on the first. */
interface Pair {
  cloud: Cloud;
  running: AllInOne;
  from: string;
  to: string;
  ports: string[];
  id: string;
}

interface Move {
  name: string;
  /** The actions that lead to it from an active server. */
  before: (pair: Pair) => Promise<void>;
  body: (pair: Pair) => object;
  /** More than it has calls that change something on the host that it leaves, and on the other. */
  calls: { from: number; to: number };
  /** Its ends: of the server and its guest. */
  status: string;
  guest: string;
  confirms: boolean;
}

const cold = ({ to }: Pair) => ({ migrate: { host: to } });
const live = ({ to }: Pair) => ({ 'os-migrateLive': { host: to, block_migration: 'auto' } });

async function becomes({ cloud, id }: Pair, body: object, status: string): Promise<void> {
  expect((await act(cloud, id, body)).status).toBe(202);
  await cloud.settled(id, status);
}

const moves: Move[] = [
  {
    name: 'cold migration',
    before: async () => {},
    body: cold,
    calls: { from: 14, to: 14 },
    ...{ status: 'ACTIVE', guest: 'running', confirms: true },
  },
  {
    name: 'cold migration of a stopped server',
    before: (pair) => becomes(pair, { 'os-stop': null }, 'SHUTOFF'),
    body: cold,
    calls: { from: 14, to: 10 },
    ...{ status: 'SHUTOFF', guest: 'shutOff', confirms: true },
  },
  {
    name: 'live migration',
    before: async () => {},
    body: live,
    calls: { from: 16, to: 20 },
    ...{ status: 'ACTIVE', guest: 'running', confirms: false },
  },
  {
    name: 'live migration of a paused server',
    before: (pair) => becomes(pair, { pause: null }, 'PAUSED'),
    body: live,
    calls: { from: 16, to: 20 },
    ...{ status: 'PAUSED', guest: 'paused', confirms: false },
  },
];

const disturbances = [
  { name: 'fails', when: 'before', dies: false },
  { name: 'succeeds and then its agent is killed', when: 'after', dies: true },
] as const;

/** Read-only calls. */
const reads = new Set(
  `facts listGuests domainXml listFunctions functionAt driverOf ifnameOf vfState isUp list
  unsupportedSettings deviceFacts vfCount read keys offer consoleOutput missing interfaceNamed interfaceOf checkArrival progress`.split(
    /\s+/,
  ),
);

/** Makes the host's call with this number (from 1) fail, once. */
function disturb(
  { running: { hosts } }: Pair,
  { host, number }: { host: string; number: number },
  { when, dies }: (typeof disturbances)[number],
): () => Promise<boolean> {
  let calls = 0;
  let back: Promise<void> | undefined;
  hosts.watchCalls(host, (call, now) => {
    if (now !== when || reads.has(call.act)) return;
    calls += 1;
    if (calls !== number) return;
    hosts.watchCalls(host, undefined);
    back = Promise.resolve();
    if (!dies) throw new ComputeError('unavailable', 'the host failed here');
    hosts.kill(host);
    back = hosts.start(host);
  });
  return async () => {
    hosts.watchCalls(host, undefined);
    await back;
    return back !== undefined;
  };
}

/** The server is whole on one of the two hosts, and the other has nothing. Returns the first. */
async function expectOnOne({ cloud, running, from, to, id, ports }: Pair, move: Move) {
  const server = await cloud.settled(id, move.status, 'ERROR');
  expect(server).toMatchObject({ status: move.status });
  const host = server['OS-EXT-SRV-ATTR:host'];
  const other = host === from ? to : from;
  // The guest's state is reported after the answer.
  await cloud.until(async () => {
    const value = await useOf(cloud, running, host);
    return { done: value.guests.join() === `${id} ${move.guest}`, value };
  });
  expect(await useOf(cloud, running, host)).toMatchObject(
    usedBy(id, { vfs: 2, state: move.guest }),
  );
  expect(await useOf(cloud, running, other)).toMatchObject(unused);
  const { devices } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
  const held = devices.map(({ address }: { address: string }) => address).sort();
  const bound = await Promise.all(ports.map((port) => bindingOf(cloud, port)));
  expect(bound.map(({ slot }) => String(slot)).toSorted()).toEqual(held);
  for (const binding of bound) {
    expect(binding).toMatchObject({ host, all: [`${host} ACTIVE`], vlan: '42' });
  }
  return host;
}

async function inPairs(count: number, cloud: Cloud, running: AllInOne): Promise<Pair[]> {
  const red = await cloud.network('red');
  return Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'macvtap')];
      const [from, to] = [`host-${2 * at + 1}`, `host-${2 * at + 2}`] as const;
      const zone = { availability_zone: `nova:${from}` };
      const id = await cloud.boot(
        ports.map((port) => ({ port })),
        zone,
      );
      await cloud.settled(id, 'ACTIVE');
      return { cloud, running, from, to, ports, id };
    }),
  );
}

for (const move of moves) {
  for (const side of ['from', 'to'] as const) {
    for (const disturbance of disturbances) {
      scenario(
        `${move.name}: whichever call of the ${side === 'from' ? 'old' : 'new'} host ${disturbance.name}, the server is whole on one host`,
        async (cloud, running) => {
          const pairs = await inPairs(move.calls[side], cloud, running);
          const happened: boolean[] = [];
          for (const [at, pair] of pairs.entries()) {
            await move.before(pair);
            const place = { host: pair[side], number: at + 1 };
            const ended = disturb(pair, place, disturbance);
            expect((await act(cloud, pair.id, move.body(pair))).status).toBe(202);
            const isConfirmed =
              move.confirms &&
              (await cloud.settled(pair.id, 'VERIFY_RESIZE', move.status, 'ERROR')).status ===
                'VERIFY_RESIZE';
            if (isConfirmed) await act(cloud, pair.id, { confirmResize: null });
            await expectOnOne(pair, move);
            happened.push(await ended());
          }
          expect([happened.at(0), happened.at(-1)]).toEqual([true, false]);
        },
        (config: Config) => withHosts(2 * move.calls[side])(config),
        240_000,
      );
    }
  }
}

for (const { name, body, leaving } of [
  { name: 'live migration', body: live, leaving: 'send' },
  { name: 'cold migration', body: cold, leaving: 'shutDown' },
]) {
  scenario(
    `a ${name} whose new host dies before the guest has left: the server runs on, and only the claim waits`,
    async (cloud, running) => {
      const [pair] = await inPairs(1, cloud, running);
      const { id, from, to, ports } = pair!;
      running.hosts.watchCalls(from, ({ act: call }, when) => {
        if (call !== leaving || when !== 'before') return;
        running.hosts.watchCalls(from, undefined);
        running.hosts.kill(to);
        throw new ComputeError('unavailable', 'the connection broke');
      });
      expect((await act(cloud, id, body(pair!))).status).toBe(202);
      await cloud.until(async () => {
        const [newest] = await movesOf(cloud, id);
        return { done: newest?.status === 'error', value: newest };
      });
      const server = await cloud.settled(id, 'ACTIVE', 'ERROR');
      expect(server).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': from });
      expect((await useOf(cloud, running, to)).holders).toEqual([id, id]);
      await running.hosts.start(to);
      await cloud.until(async () => {
        const value = await useOf(cloud, running, to);
        return { done: value.holders.length + value.guests.length === 0, value };
      });
      for (const port of ports) {
        expect((await bindingOf(cloud, port)).all).toEqual([`${from} ACTIVE`]);
      }
    },
    (config: Config) => ({ ...withHosts(2)(config), hostDownMs: 500 }),
  );
}

scenario(
  'a server is deleted while its guest arrives on a host that has died: no second binding is left',
  async (cloud, running) => {
    const [pair] = await inPairs(1, cloud, running);
    const { id, from, to, ports } = pair!;
    running.hosts.watchCalls(to, ({ act: call }, when) => {
      if (call !== 'prepare' || when !== 'before') return;
      running.hosts.watchCalls(to, undefined);
      running.hosts.kill(to);
    });
    expect((await act(cloud, id, live(pair!))).status).toBe(202);
    await cloud.until(async () => {
      const value = await bindingOf(cloud, ports[0]!);
      return { done: value.host === to, value };
    });
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    for (const port of ports) {
      expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
    }
    await running.hosts.start(to);
    for (const host of [from, to]) {
      await cloud.until(async () => {
        const value = await useOf(cloud, running, host);
        return { done: value.holders.length + value.guests.length === 0, value };
      });
    }
    const zone = { availability_zone: `nova:${to}` };
    const next = await cloud.boot(
      ports.map((port) => ({ port })),
      zone,
    );
    await cloud.settled(next, 'ACTIVE');
    for (const port of ports) {
      expect((await bindingOf(cloud, port)).all).toEqual([`${to} ACTIVE`]);
    }
  },
  (config: Config) => ({ ...withHosts(2)(config), hostDownMs: 1_000 }),
  60_000,
);
