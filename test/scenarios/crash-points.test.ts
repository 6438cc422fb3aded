/**
 * The controller dies at each point of each workflow, one server at each: after a restart every
 * action has ended, nothing is held twice or lost, and nothing is left when all are deleted. The
 * points are found by running the action once.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { type CrashPoint, CrashPoints } from '#test/crashes/crash-points.ts';
import { act, withHosts } from '#test/moves/move-verbs.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { workflows } from '#workflows/server-operations.ts';
import { alwaysViolations } from '../torture/checks/always.ts';
import { restViolations } from '../torture/checks/at-rest.ts';
import { leftViolations } from '../torture/checks/emptied.ts';
import { ownName } from '../torture/load/own-name.ts';
import { settle } from '../torture/settle.ts';
import { readSnapshot } from '../torture/state/read-snapshot.ts';

let state: ReturnType<typeof temporaryDirectory>;
let points: CrashPoints;
let running: AllInOne | undefined;
beforeEach(() => {
  state = temporaryDirectory();
  points = new CrashPoints();
});
afterEach(async () => {
  points.end();
  await running?.stop();
  state.remove();
});

/** A server with a direct and a macvtap port, and the pair of hosts that it may use. */
interface Place {
  cloud: Cloud;
  hosts: AllInOne['hosts'];
  from: string;
  to: string;
  ports: string[];
  sparePort: string;
  id: string;
}

interface Action {
  name: string;
  /** From an active server to the one that the action begins with; 'none': it creates it. */
  before: 'none' | ((place: Place) => Promise<void>);
  /** The host refuses this call, for good. */
  fails?: { side: 'from' | 'to'; call: string };
  begin: (place: Place) => Promise<void>;
  /** When it has ended without a crash. */
  ended: (place: Place) => Promise<unknown>;
}

async function boot(place: Place): Promise<void> {
  const networks = place.ports.map((port) => ({ port }));
  place.id = await place.cloud.boot(networks, { availability_zone: `nova:${place.from}` });
}

const settled =
  (...statuses: string[]) =>
  ({ cloud, id }: Place) =>
    cloud.settled(id, ...statuses);

const sends =
  (body: (place: Place) => object) =>
  async (place: Place): Promise<void> => {
    const reply = await act(place.cloud, place.id, body(place));
    expect([202, 204]).toContain(reply.status);
  };

const interfaces = (id: string) => `/servers/${id}/os-interface`;
const attach = async ({ cloud, id, sparePort }: Place): Promise<void> => {
  const body = { interfaceAttachment: { port_id: sparePort } };
  await cloud.send('compute', 'POST', interfaces(id), { body });
};
const hasNics = (count: number) => (place: Place) =>
  place.cloud.until(async () => {
    const { cloud, id } = place;
    const found = await cloud.ok('compute', 'GET', interfaces(id));
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    const isIdle = server['OS-EXT-STS:task_state'] === null;
    return { done: isIdle && found.interfaceAttachments.length === count, value: found };
  });

const fromActive = async () => {};
const cold = sends(({ to }) => ({ migrate: { host: to } }));
const live = sends(({ to }) => ({ 'os-migrateLive': { host: to, block_migration: 'auto' } }));
const migrated = async (place: Place): Promise<void> => {
  await cold(place);
  await settled('VERIFY_RESIZE')(place);
};

const actions: Action[] = [
  { name: 'boot', before: 'none', begin: boot, ended: settled('ACTIVE') },
  {
    name: 'boot that fails',
    before: 'none',
    fails: { side: 'from', call: 'start' },
    begin: boot,
    ended: settled('ERROR'),
  },
  {
    name: 'delete',
    before: fromActive,
    begin: async ({ cloud, id }) => void (await cloud.send('compute', 'DELETE', `/servers/${id}`)),
    ended: ({ cloud, id }) => cloud.gone(id),
  },
  { name: 'attach', before: fromActive, begin: attach, ended: hasNics(3) },
  {
    name: 'attach that fails',
    before: fromActive,
    fails: { side: 'from', call: 'attachNic' },
    begin: attach,
    ended: hasNics(2),
  },
  {
    name: 'detach',
    before: fromActive,
    begin: async ({ cloud, id, ports }) =>
      void (await cloud.send('compute', 'DELETE', `${interfaces(id)}/${ports[0]}`)),
    ended: hasNics(1),
  },
  {
    name: 'stop',
    before: fromActive,
    begin: sends(() => ({ 'os-stop': null })),
    ended: settled('SHUTOFF'),
  },
  { name: 'cold migration', before: fromActive, begin: cold, ended: settled('VERIFY_RESIZE') },
  {
    name: 'cold migration that fails',
    before: fromActive,
    fails: { side: 'to', call: 'start' },
    begin: cold,
    ended: settled('ACTIVE', 'ERROR'),
  },
  {
    name: 'confirmation',
    before: migrated,
    begin: sends(() => ({ confirmResize: null })),
    ended: settled('ACTIVE'),
  },
  {
    name: 'revert',
    before: migrated,
    begin: sends(() => ({ revertResize: null })),
    ended: settled('ACTIVE'),
  },
  { name: 'live migration', before: fromActive, begin: live, ended: settled('ACTIVE') },
  {
    name: 'live migration that fails',
    before: fromActive,
    fails: { side: 'to', call: 'prepare' },
    begin: live,
    ended: settled('ACTIVE', 'ERROR'),
  },
];

const shelve = sends(() => ({ shelve: null }));
const shelved = async (place: Place): Promise<void> => {
  await shelve(place);
  await settled('SHELVED_OFFLOADED')(place);
};
actions.push(
  { name: 'shelve', before: fromActive, begin: shelve, ended: settled('SHELVED_OFFLOADED') },
  {
    name: 'unshelve',
    before: shelved,
    begin: sends(() => ({ unshelve: null })),
    ended: settled('ACTIVE'),
  },
);

async function start(hosts: number): Promise<{ cloud: Cloud; running: AllInOne }> {
  const config = { ...readConfig(), stateDir: state.path, ports: freePorts };
  running = await startAllInOne(withHosts(hosts)(config), silentLog);
  return { cloud: await Cloud.at(running), running };
}

const database = () => join(state.path, 'novella.sqlite');

function snapshot(hosts: number) {
  const names = Array.from({ length: hosts }, (_, at) => `host-${at + 1}`);
  const folders = names.map((name) => [name, join(state.path, 'hosts', name, 'guests')] as const);
  return readSnapshot(database(), new Map(folders));
}

// oxlint-disable-next-line max-params -- the number is the place
async function aPlace(cloud: Cloud, all: AllInOne, red: string, at: number): Promise<Place> {
  const [direct, macvtap, sparePort] = await Promise.all([
    cloud.port(red, 'direct', { name: ownName }),
    cloud.port(red, 'macvtap', { name: ownName }),
    cloud.port(red, 'macvtap', { name: ownName }),
  ]);
  const [from, to] = [`host-${2 * at + 1}`, `host-${2 * at + 2}`];
  return { cloud, hosts: all.hosts, from, to, ports: [direct, macvtap], sparePort, id: '' };
}

/** All at the same time. */
async function prepare({ before, fails }: Action, places: readonly Place[]): Promise<void> {
  if (before !== 'none') {
    const booted = async (place: Place): Promise<void> => {
      await boot(place);
      await settled('ACTIVE')(place);
    };
    await Promise.all(places.map(booted));
    await Promise.all(places.map(before));
  }
  if (fails === undefined) return;
  for (const place of places) {
    place.hosts.watchCalls(place[fails.side], (made, when) => {
      if (made.act !== fails.call || when !== 'before') return;
      throw new ComputeError('conflict', 'the host refuses this');
    });
  }
}

/** Steps that ran in any of the actions. */
const covered = new Set<string>();

test.each(actions)(
  '$name: the controller dies at each point',
  async (action) => {
    const found = await findPoints(action);
    expect(found.length).toBeGreaterThan(2);
    await dieAtEach(action, found);
  },
  240_000,
);

/** Runs the action once. */
async function findPoints(action: Action): Promise<CrashPoint[]> {
  const { cloud, running: all } = await start(2);
  const place = await aPlace(cloud, all, await cloud.network('red'), 0);
  await prepare(action, [place]);
  if (place.id !== '') points.take(place.id);
  await action.begin(place);
  await action.ended(place);
  await settle(cloud.session, database());
  const found = points.take(place.id);
  await all.stop();
  points.end();
  for (const step of points.steps) covered.add(step);
  state.remove();
  state = temporaryDirectory();
  points = new CrashPoints();
  return [...new Set(found)];
}

async function dieAtEach(action: Action, found: readonly CrashPoint[]): Promise<void> {
  const hosts = found.length * 2;
  const first = await start(hosts);
  const red = await first.cloud.network('red');
  const places = await Promise.all(
    found.map((_, at) => aPlace(first.cloud, first.running, red, at)),
  );
  await prepare(action, places);
  for (const [at, point] of found.entries()) {
    const place = places[at]!;
    if (place.id === '') points.dieNext(point);
    else points.die(place.id, point);
    // A request is refused, or not answered before the restart, where it waits for what dies.
    void action.begin(place).catch(() => undefined);
    await expect
      .poll(() => points.died, { message: `reaches ${point}`, timeout: 20_000 })
      .toBe(at + 1);
  }
  await first.running.stop();
  points.end();
  for (const step of points.steps) covered.add(step);

  const { cloud } = await start(hosts);
  expect(await settle(cloud.session, database())).toEqual([]);
  const whole = snapshot(hosts);
  expect([...alwaysViolations(whole), ...restViolations(whole)]).toEqual([]);
  const { servers } = await cloud.ok('compute', 'GET', '/servers');
  for (const { id } of servers) await cloud.send('compute', 'DELETE', `/servers/${id}`);
  expect(await settle(cloud.session, database())).toEqual([]);
  expect(leftViolations(snapshot(hosts))).toEqual([]);
}

/** Steps that no action above reaches, and where they are tested. */
const elsewhere: Record<string, string> = {
  'boot wait-for-plug': 'plug-events',
  'boot host-returned': 'lost-hosts',
  'boot remove-guest-again': 'lost-hosts',
  'delete remove-elsewhere': 'moves',
  'delete elsewhere-removed': 'moves',
  'delete release-elsewhere': 'moves',
  'delete drop-images': 'shelving',
  'delete host-returned': 'lost-hosts',
  'delete remove-guest-again': 'lost-hosts',
  'delete delete-late-ports': 'made-ports',
  'act drop-image': 'images-of-servers',
  'attach wait-for-plug': 'plug-events',
  'follow follow': 'guest-events',
  'follow-ports follow': 'port-changes',
  'follow-ports host-answered': 'port-changes',
  'boot guest-removed': 'recovery',
  'shelve start-guest': 'shelving',
  'shelve guest-started': 'shelving',
};

test('every step of every workflow is among the points, or is tested elsewhere', () => {
  const steps = Object.entries(workflows).flatMap(([kind, { steps: all }]) =>
    Object.keys(all).map((step) => `${kind} ${step}`),
  );
  const missing = steps.filter((step) => !covered.has(step) && elsewhere[step] === undefined);
  expect(missing).toEqual([]);
  expect(Object.keys(elsewhere).filter((step) => covered.has(step))).toEqual([]);
});
