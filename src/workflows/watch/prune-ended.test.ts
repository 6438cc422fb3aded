import { expect, test, vi } from 'vitest';
import type { ConsoleTokenStore } from '#contracts/store/consoles/console-tokens.ts';
import type { PruneStore } from '#contracts/store/prune-store.ts';
import type { Store } from '#contracts/store/store.ts';
import { pruneEnded } from './prune-ended.ts';

const clock = { now: () => 10_000 };

const removeExpired = vi.fn(async (_now: number) => undefined);
const consoleTokens = { removeExpired } as Partial<ConsoleTokenStore> as ConsoleTokenStore;

/** A store in which this many batches have something to delete; it records the calls. */
function batches({ history = 0, servers = 0, deviceEvents = 0 }) {
  const left = { history, servers, deviceEvents };
  const calls: [keyof PruneStore, number, number][] = [];
  const prune = (kind: keyof PruneStore) => async (before: number, limit: number) => {
    calls.push([kind, before, limit]);
    left[kind] -= 1;
    return left[kind] > 0;
  };
  const kinds = {
    history: prune('history'),
    servers: prune('servers'),
    deviceEvents: prune('deviceEvents'),
  };
  const store = { prune: kinds, consoleTokens };
  return { store: store as Partial<Store> as Store, calls };
}

test('the history of deleted servers is pruned in small batches; they are kept for ever', async () => {
  const { store, calls } = batches({ history: 3 });
  const never = new AbortController().signal;
  await pruneEnded({ store, clock }, { historyMs: 1_000, serversMs: undefined }, never);
  expect(calls).toEqual([
    ...Array.from({ length: 3 }, () => ['history', 9_000, 200]),
    ['deviceEvents', 9_000, 200],
  ]);
  expect(removeExpired.mock.lastCall).toEqual([10_000]);
});

test.each([
  { historyMs: 1_000, serversMs: 5_000, history: 9_000, servers: 5_000 },
  { historyMs: 5_000, serversMs: 1_000, history: 9_000, servers: 9_000 },
])('servers are pruned after their history: kept for $historyMs and $serversMs ms', async (row) => {
  const { store, calls } = batches({});
  await pruneEnded({ store, clock }, row, new AbortController().signal);
  expect(calls.map(([kind, before]) => [kind, before])).toEqual([
    ['history', row.history],
    ['deviceEvents', 10_000 - row.historyMs],
    ['servers', row.servers],
  ]);
});

test('pruning ends between two batches when the program ends', async () => {
  const stopping = new AbortController();
  const history = vi.fn(async () => {
    stopping.abort();
    return true;
  });
  const servers = vi.fn(async () => true);
  const deviceEvents = servers;
  const store = {
    prune: { history, servers, deviceEvents },
    consoleTokens,
  } as Partial<Store> as Store;
  await pruneEnded({ store, clock }, { historyMs: 0, serversMs: 0 }, stopping.signal);
  expect(history).toHaveBeenCalledTimes(1);
  expect(servers).not.toHaveBeenCalled();
});
