/** Agents of several controllers: which link of a host counts, and who may still use it. */
import { afterEach, expect, test, vi } from 'vitest';
import type { HostReport, ToAgent } from '#contracts/host/host-link.ts';
import type { Store } from '#contracts/store/store.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { recordedLog } from '#test/recorded-log.ts';
import { aBoot, facts } from '#test/worlds/store-rows.ts';
import { ClusterLinks } from '../cluster/cluster-links.ts';
import { wakeForCommands } from '../cluster/watch-cluster.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { DirectTasks } from '../engine/direct-tasks.ts';
import { HostLinks } from '../hosts/host-links.ts';
import { serveAgent } from './serve-agent.ts';

const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

const report: HostReport = {
  facts,
  hostIp: '192.0.2.7',
  physicalNetworks: ['physnet1'],
  devices: [],
  guests: [],
};
const clock = { now: Date.now };

async function aStore(): Promise<Store> {
  const { store } = await migratedStore(':memory:');
  stores.push(store);
  for (const id of ['a', 'b']) {
    await store.controllers.add({ id, name: id, version: '1', startedAt: 0 });
  }
  return store;
}

/** One of the controllers of this store. */
function aController(store: Store, id: string) {
  const state = { isFenced: false };
  const log = recordedLog();
  const shared = new ClusterLinks({
    hostLinks: store.hostLinks,
    membership: { id, isLive: () => true, isFenced: () => state.isFenced },
    clock,
    monotonic: clock,
    log,
    onWritten: () => {},
  });
  const links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs: 60_000, shared });
  const wakeup = inProcessWakeup();
  const parts = { store, log, clock, links, wakeup, direct: new DirectTasks() };
  const context = parts as unknown as WorkflowContext;
  /** An agent of hv1 that says hello on a link with this number. */
  const join = (link: number | undefined, hostIp = '192.0.2.7') => {
    const { agentEnd, controllerEnd } = inProcessLink();
    const received: ToAgent[] = [];
    let isClosed = false;
    agentEnd.onMessage((message) => void received.push(message));
    agentEnd.onClose(() => {
      isClosed = true;
    });
    serveAgent(context, controllerEnd);
    const numbered = link === undefined ? {} : { link };
    agentEnd.send({ type: 'hello', host: 'hv1', ...numbered, report: { ...report, hostIp } });
    const ofType = (type: ToAgent['type']) => received.filter((message) => message.type === type);
    return { agentEnd, received, ofType, isClosed: () => isClosed };
  };
  return { state, log, links, shared, join, context };
}

const ipOf = async (store: Store) => (await store.hosts.named('hv1'))?.hostIp;

test('a controller that was removed ends links without a reason: the host links to another', async () => {
  const store = await aStore();
  const controller = aController(store, 'a');
  await store.controllers.remove('a');
  const agent = controller.join(5);
  await vi.waitFor(() => expect(agent.isClosed()).toBe(true));
  expect(agent.received).toEqual([]);
});

test('an older hello that is read late changes nothing, and its agent gets the newest number', async () => {
  const store = await aStore();
  const [late, current] = [aController(store, 'a'), aController(store, 'b')];
  const link = current.join(7, '192.0.2.77');
  await vi.waitFor(() => expect(link.ofType('welcome')).toHaveLength(1));
  const older = late.join(6, '192.0.2.66');
  await vi.waitFor(() => expect(older.isClosed()).toBe(true));
  expect(older.received).toEqual([{ type: 'outdated-link', newest: 7 }]);
  expect(await ipOf(store)).toBe('192.0.2.77');
  const { links } = await store.hostLinks.changedSince();
  expect(links).toMatchObject([{ controllerId: 'b', link: 7, closedAt: null }]);
});

test('a number far ahead of the clock is refused: it would keep all later links of the host away', async () => {
  const store = await aStore();
  const controller = aController(store, 'a');
  const rogue = controller.join(Number.MAX_SAFE_INTEGER);
  await vi.waitFor(() => expect(rogue.isClosed()).toBe(true));
  expect(rogue.received).toEqual([]);
  expect(controller.log.entries).toEqual([
    'warn a link is refused: the clock of its host is a year ahead',
  ]);
  const link = controller.join(clock.now() + 1);
  await vi.waitFor(() => expect(link.ofType('welcome')).toHaveLength(1));
});

test('a report of a link that is not the newest any more is refused', async () => {
  const store = await aStore();
  const [first, second] = [aController(store, 'a'), aController(store, 'b')];
  const older = first.join(6);
  await vi.waitFor(() => expect(older.ofType('welcome')).toHaveLength(1));
  const newer = second.join(7, '192.0.2.77');
  await vi.waitFor(() => expect(newer.ofType('welcome')).toHaveLength(1));
  older.agentEnd.send({ type: 'report', report: { ...report, hostIp: '192.0.2.66' } });
  await vi.waitFor(() => expect(first.log.entries).toContain('error agent message failed'));
  expect(await ipOf(store)).toBe('192.0.2.77');
});

test('the state of a guest by an older link is ignored', async () => {
  const store = await aStore();
  const [first, second] = [aController(store, 'a'), aController(store, 'b')];
  const older = first.join(6);
  await vi.waitFor(() => expect(older.ofType('welcome')).toHaveLength(1));
  const guestId = crypto.randomUUID();
  const reports = async () => (await store.hosts.named('hv1'))?.problems.length;
  const state = { type: 'guest-changed', guestId, state: 'running' } as const;
  const newer = second.join(7);
  await vi.waitFor(() => expect(newer.ofType('welcome')).toHaveLength(1));
  const read = vi.spyOn(store.tasks, 'of');
  const compared = vi.spyOn(store.hostLinks, 'newest');
  older.agentEnd.send(state);
  await vi.waitFor(() => expect(compared).toHaveBeenCalledTimes(1));
  expect(read).not.toHaveBeenCalled();
  newer.agentEnd.send(state);
  await vi.waitFor(() => expect(read).toHaveBeenCalledWith(guestId));
  expect(await reports()).toBe(0);
});

test('the end of a link is recorded with the last command that was sent on it', async () => {
  const store = await aStore();
  const { join } = aController(store, 'a');
  const { id: hostId } = await store.hosts.register({
    ...{ name: 'hv1', availabilityZone: 'nova', hostIp: '192.0.2.7', facts },
  });
  const { serverId } = await aBoot(store);
  const body = { do: 'destroy', guestId: serverId } as const;
  await store.commands.issue({ hostId, serverId, body });
  const link = join(undefined);
  await vi.waitFor(() => expect(link.ofType('command')).toHaveLength(1));
  link.agentEnd.close();
  await vi.waitFor(async () => {
    const { links } = await store.hostLinks.changedSince();
    expect(links).toMatchObject([{ controllerId: null, sentUpTo: 1 }]);
  });
});

test('a controller that others may count as dead takes no report and sends no command', async () => {
  const store = await aStore();
  const { join, state, context } = aController(store, 'a');
  const link = join(6);
  await vi.waitFor(() => expect(link.ofType('welcome')).toHaveLength(1));
  state.isFenced = true;
  const host = await store.hosts.named('hv1');
  const { serverId } = await aBoot(store);
  const body = { do: 'destroy', guestId: serverId } as const;
  await store.commands.issue({ hostId: host?.id ?? '', serverId, body });
  context.wakeup.notify(`commands:${host?.id}`);
  link.agentEnd.send({ type: 'report', report: { ...report, hostIp: '192.0.2.66' } });
  await vi.waitFor(() => expect(link.isClosed()).toBe(true));
  expect(link.ofType('command')).toEqual([]);
  expect(await ipOf(store)).toBe('192.0.2.7');
});

test('a command that another controller recorded is found without its wake-up', async () => {
  const store = await aStore();
  const { join, context } = aController(store, 'a');
  const link = join(6);
  await vi.waitFor(() => expect(link.ofType('welcome')).toHaveLength(1));
  const host = await store.hosts.named('hv1');
  const { serverId } = await aBoot(store);
  const body = { do: 'destroy', guestId: serverId } as const;
  await store.commands.issue({ hostId: host?.id ?? '', serverId, body });
  await wakeForCommands(context);
  await vi.waitFor(() => expect(link.ofType('command')).toHaveLength(1));
  const notify = vi.spyOn(context.wakeup, 'notify');
  await wakeForCommands(context);
  expect(notify).not.toHaveBeenCalled();
});
