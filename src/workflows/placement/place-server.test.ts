import { expect, test } from 'vitest';
import { aComputeWorld } from '#test/worlds/compute-world.ts';
import { aHost, taskOf } from '#test/worlds/store-rows.ts';
import { schedule } from '../boot/schedule.ts';
import { inTurn } from './place-server.ts';

const hosts = 'abcdefghijklmnop'.split('');

test('the best are tried in a random order, then the others', () => {
  const keys = [0.4, 0.1, 0.3, 0.2];
  expect(inTurn(hosts, 4, () => keys.shift() ?? 1).join('')).toBe('bdcaefghijklmnop');
  expect(inTurn(hosts, 1, () => 0)).toEqual(hosts);
  expect(inTurn(hosts, 20, () => 0)).toHaveLength(hosts.length);
});

test('at most a quarter of them: among a few, the weights decide', () => {
  expect(inTurn(hosts.slice(0, 7), 8, () => 0)).toEqual(hosts.slice(0, 7));
  expect(inTurn(hosts, 8, Math.random).slice(4)).toEqual(hosts.slice(4));
});

test('each of the best is first about as often', () => {
  const first = new Map<string, number>();
  for (let run = 0; run < 4_000; run += 1) {
    const [one = ''] = inTurn(hosts, 4);
    first.set(one, (first.get(one) ?? 0) + 1);
  }
  expect([...first.keys()].toSorted()).toEqual(['a', 'b', 'c', 'd']);
  for (const count of first.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
});

test.each([
  { count: 1, chosen: 1 },
  { count: 2, chosen: 8 },
])('$count controllers choose among the best $chosen of equal hosts', async ({ count, chosen }) => {
  const world = await aComputeWorld();
  for (let at = 0; at < 32; at += 1) {
    world.context.links.opened(await aHost(world.store, [], `host-${at + 10}`));
  }
  const peers = { id: 'x', count, isFirst: () => true, hasOtherVersion: () => false };
  const names = new Set<string>();
  const { id } = await world.server();
  const task = taskOf('boot', await world.store.tasks.of(id));
  const data = {
    attempt: 1,
    failedHosts: [],
    availabilityZone: null,
    forcedHost: null,
    numa: null,
  };
  for (let run = 0; run < 200; run += 1) {
    const { server } = await schedule(
      { ...world.context, peers },
      { ...task, data },
      { read: null },
    );
    names.add(server?.hostName ?? '');
  }
  expect(names.size).toBe(chosen);
  await world.stop();
});
