/** What each controller sees of the links of hosts to all of them. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { silentLog } from '#test/silent-log.ts';
import { aHost } from '#test/worlds/store-rows.ts';
import { HostLinks } from '../hosts/host-links.ts';
import { ClusterLinks } from './cluster-links.ts';

const hostTimeoutMs = 60_000;
let store: Store;
let wall: { now: number };
let steady: { now: number };
let live: Set<string>;
beforeEach(async () => {
  ({ store } = await migratedStore(':memory:'));
  wall = { now: 5_000_000 };
  steady = { now: 10 };
  live = new Set(['a', 'b']);
  for (const id of live) {
    await store.controllers.add({ id, name: id, version: '1', startedAt: 0 });
  }
});
afterEach(() => store.close());

function aController(id: string) {
  const clock = { now: () => wall.now };
  const monotonic = { now: () => steady.now };
  const shared = new ClusterLinks({
    hostLinks: store.hostLinks,
    membership: { id, isLive: (one) => live.has(one), isFenced: () => !live.has(id) },
    clock,
    monotonic,
    log: silentLog,
    onWritten: () => {},
  });
  return { shared, links: new HostLinks({ clock, monotonic, hostTimeoutMs, shared }) };
}

function pass(ms: number): void {
  wall.now += ms;
  steady.now += ms;
}

const hour = 3_600_000;

test('a host that is linked to another controller is alive, and no longer than that and its time', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const host = { id: await aHost(store, [], 'h'), forcedDown: false, lastSeenAt: wall.now };
  await b.shared.open(host.id, 7);
  await a.shared.refresh();
  pass(hour);
  expect([a.links.isAlive(host), a.links.silentMs(host)]).toEqual([true, 0]);
  b.shared.close({ hostId: host.id, link: 7, sentUpTo: 3 });
  const before = a.shared.changes;
  await vi.waitFor(async () => {
    await a.shared.refresh();
    expect(a.shared.changes).toBeGreaterThan(before);
  });
  expect(a.links.isAlive(host)).toBe(true);
  pass(hostTimeoutMs + 1);
  expect([a.links.isAlive(host), a.links.silentMs(host)]).toEqual([false, hostTimeoutMs + 1]);
  expect([a.links.withdraw(host.id, 3), a.links.withdraw(host.id, 4)]).toEqual([false, true]);
});

test('the hosts of a dead controller are silent from the moment that this one sees it', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const host = { id: await aHost(store, [], 'h'), forcedDown: false, lastSeenAt: wall.now };
  await b.shared.open(host.id, 7);
  await a.shared.refresh();
  pass(hour);
  live.delete('b');
  a.shared.membersChanged();
  pass(1_000);
  expect([a.links.isAlive(host), a.links.silentMs(host)]).toEqual([true, 1_000]);
  // It may have sent any command.
  expect(a.links.withdraw(host.id, 100)).toBe(false);
});

test('a host is silent from the end of its last link, here or elsewhere', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const host = { id: await aHost(store, [], 'h'), forcedDown: false, lastSeenAt: wall.now };
  const close = a.links.opened(host.id);
  await a.shared.open(host.id, 1);
  close();
  a.shared.close({ hostId: host.id, link: 1, sentUpTo: 0 });
  pass(hour);
  await b.shared.open(host.id, 2);
  await a.shared.refresh();
  expect(a.links.isAlive(host)).toBe(true);
  pass(hour);
  live.delete('b');
  a.shared.membersChanged();
  pass(5);
  expect(a.links.silentMs(host)).toBe(5);
});

test('the end of a link that could not be recorded is recorded later', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const host = { id: await aHost(store, [], 'h'), forcedDown: false, lastSeenAt: wall.now };
  await b.shared.open(host.id, 7);
  const close = vi.spyOn(store.hostLinks, 'close');
  close.mockRejectedValue(new Error('the database restarts'));
  b.shared.close({ hostId: host.id, link: 7, sentUpTo: 3 });
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(1));
  await expect(b.shared.refresh()).rejects.toThrow('the database restarts');
  await a.shared.refresh();
  expect(a.links.isLinked(host.id)).toBe(true);
  close.mockRestore();
  await b.shared.refresh();
  await a.shared.refresh();
  expect(a.links.isLinked(host.id)).toBe(false);
  expect([a.links.withdraw(host.id, 3), a.links.withdraw(host.id, 4)]).toEqual([false, true]);
  const again = vi.spyOn(store.hostLinks, 'close');
  await b.shared.refresh();
  expect(again).not.toHaveBeenCalled();
});

test('a link whose opening was recorded without an answer is closed', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const hostId = await aHost(store, [], 'h');
  const open = store.hostLinks.open.bind(store.hostLinks);
  vi.spyOn(store.hostLinks, 'open').mockImplementationOnce(async (links) => {
    await open(links);
    throw new Error('the connection ended');
  });
  await expect(b.shared.open(hostId, 7)).rejects.toThrow('the connection ended');
  await b.shared.refresh();
  await a.shared.refresh();
  expect(a.links.isLinked(hostId)).toBe(false);
  expect(a.links.withdraw(hostId, 1)).toBe(true);
});

test('a failed end of a link does not close a newer one', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const hostId = await aHost(store, [], 'h');
  await b.shared.open(hostId, 7);
  const close = vi.spyOn(store.hostLinks, 'close');
  close.mockRejectedValueOnce(new Error('the database restarts'));
  b.shared.close({ hostId, link: 7, sentUpTo: 3 });
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(1));
  await b.shared.open(hostId, 8);
  await b.shared.refresh();
  await a.shared.refresh();
  expect(a.links.isLinked(hostId)).toBe(true);
  expect(close).toHaveBeenCalledTimes(1);
});

test('an older link is refused, and the newest number returned', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const hostId = await aHost(store, [], 'h');
  expect(await b.shared.open(hostId, 7)).toBe(true);
  expect(await a.shared.open(hostId, 6)).toBe(false);
  expect(await a.shared.newest(hostId)).toBe(7);
});

test('a host that was removed is forgotten', async () => {
  const [a, b] = [aController('a'), aController('b')];
  const hostId = await aHost(store, [], 'h');
  await b.shared.open(hostId, 7);
  await a.shared.refresh();
  a.links.forget(hostId);
  expect([a.links.isLinked(hostId), a.shared.mayHaveSent(hostId, 1)]).toEqual([false, true]);
});

test('a new controller knows since when a host has had no link', async () => {
  const b = aController('b');
  const host = { id: await aHost(store, [], 'h'), forcedDown: false, lastSeenAt: wall.now };
  await b.shared.open(host.id, 7);
  pass(hour);
  b.shared.close({ hostId: host.id, link: 7, sentUpTo: 0 });
  await vi.waitFor(async () => {
    await b.shared.refresh();
    expect(b.shared.closedAt(host.id)).toBe(wall.now);
  });
  const late = aController('a');
  await late.shared.refresh();
  expect(late.links.lastSeenAt(host)).toBe(wall.now);
  expect(late.links.isAlive(host)).toBe(true);
});
