/** Which controllers are alive, by what each sees of the others. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { silentLog } from '#test/silent-log.ts';
import { aBoot } from '#test/worlds/store-rows.ts';
import { Membership, usualTimes } from './membership.ts';

let store: Store;
let steady: { now: number };
const members: Membership[] = [];
beforeEach(async () => {
  ({ store } = await migratedStore(':memory:'));
  steady = { now: 1_000 };
});
afterEach(async () => {
  for (const member of members.splice(0)) await member.leave();
  await store.close();
});

/** A controller that has joined; the tests call `beat`. */
async function aMember(id: string, change: { name?: string; version?: string } = {}) {
  const events: string[] = [];
  const member = new Membership({
    controllers: store.controllers,
    self: { id, name: id, version: '1', ...change, startedAt: steady.now },
    monotonic: { now: () => steady.now },
    log: silentLog,
    onRemoved: () => events.push('removed'),
    onChange: () => events.push('changed'),
    times: { ...usualTimes, beatMs: 3_600_000 },
  });
  members.push(member);
  await member.join();
  steady.now += 1;
  return { member, events };
}

/** Time passes in steps in which these show that they are alive. */
async function pass(ms: number, ...alive: Membership[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    steady.now += 1_000;
    for (const member of alive) await member.beat();
  }
}

test('a controller that shows no sign of life for seven seconds is dead, and its tasks are free', async () => {
  const [a, b] = [await aMember('a'), await aMember('b')];
  await aBoot(store);
  const [held] = await store.tasks.lease('b', 1_000, 600_000, { limit: 1 });
  await pass(1_000, a.member, b.member);
  expect([a.member.isLive('b'), a.member.count, b.member.count]).toEqual([true, 2, 2]);
  await pass(7_000, a.member);
  expect(a.member.isLive('b')).toBe(true);
  expect(await store.tasks.lease('a', 1_001, 1_000, { limit: 1 })).toEqual([]);
  await pass(2_000, a.member);
  expect([a.member.isLive('b'), a.member.count]).toEqual([false, 1]);
  const [taken] = await store.tasks.lease('a', 1_001, 1_000, { limit: 1 });
  expect(taken).toMatchObject({ serverId: held?.serverId, epoch: (held?.epoch ?? 0) + 1 });
});

test('a controller that paused for so long begins nothing more, and learns that it was removed', async () => {
  const [a, b] = [await aMember('a'), await aMember('b')];
  await pass(5_000, a.member);
  expect(b.member.isFenced()).toBe(true);
  await pass(4_000, a.member);
  expect([b.member.isFirst(), b.member.isFenced()]).toEqual([false, true]);
  await b.member.beat();
  expect(b.events).toContain('removed');
});

test('after a pause of the database nobody is dead', async () => {
  const [a, b] = [await aMember('a'), await aMember('b')];
  await pass(2_000, a.member, b.member);
  steady.now += 60_000;
  await a.member.beat();
  await b.member.beat();
  await pass(3_000, a.member, b.member);
  expect([a.member.count, b.member.count]).toEqual([2, 2]);
  expect(b.events).not.toContain('removed');
});

test('another version is there while a controller of it is alive', async () => {
  const [a, b] = [await aMember('a'), await aMember('b', { version: '2' })];
  await pass(1_000, a.member);
  expect([a.member.hasOtherVersion(), b.member.hasOtherVersion()]).toEqual([true, true]);
  await pass(9_000, a.member);
  expect(a.member.hasOtherVersion()).toBe(false);
});

test('the first is the oldest that is alive', async () => {
  const [a, b] = [await aMember('a'), await aMember('b')];
  await b.member.beat();
  expect([a.member.isFirst(), b.member.isFirst()]).toEqual([true, false]);
  await a.member.leave();
  await b.member.beat();
  expect(b.member.isFirst()).toBe(true);
  expect(b.events).toContain('changed');
});

test('a sign of life that does not end is given up, and the next one counts', async () => {
  const { member } = await aMember('a');
  const { promise: never } = Promise.withResolvers<boolean>();
  vi.spyOn(store.controllers, 'beat').mockReturnValueOnce(never);
  vi.useFakeTimers();
  try {
    const ended = Promise.allSettled([member.beat()]);
    steady.now += 5_001;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await ended).toEqual([
      { status: 'rejected', reason: new Error('it has not ended within 5000 ms') },
    ]);
  } finally {
    vi.useRealTimers();
  }
  expect(member.isFenced()).toBe(true);
  await member.beat();
  expect(member.isFenced()).toBe(false);
});

test('a task that a removed controller has leased is free after some seconds', async () => {
  const { member } = await aMember('a');
  await aBoot(store);
  await pass(1_000, member);
  await store.tasks.lease('gone/req-1', 1_000, 600_000, { limit: 1 });
  await pass(5_000, member);
  expect(await store.tasks.lease('a', 1_001, 1_000, { limit: 1 })).toHaveLength(1);
});

test('a controller that starts again has no other with its name', async () => {
  const [a, b] = [await aMember('a', { name: 'one' }), await aMember('b', { name: 'one' })];
  expect(b.member.count).toBe(1);
  await a.member.beat();
  expect(a.events).toContain('removed');
});
