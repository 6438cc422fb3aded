import { expect, test } from 'vitest';
import { inTurnAmong } from './place-server.ts';

const candidates = ['a', 'b', 'c', 'd', 'e', 'f'].map((host) => ({ host, weight: 1, weights: {} }));
const peers = (count: number) => ({ id: 'x', count, isFirst: () => true });

test.each([undefined, peers(1)])('a single controller tries the best host first', (alone) => {
  expect(inTurnAmong(alone, () => 0)(candidates)).toEqual(candidates);
});

test('of two controllers each tries the four best in a random order, then the others', () => {
  const keys = [0.4, 0.1, 0.3, 0.2];
  const turns = inTurnAmong(peers(2), () => keys.shift() ?? 1)(candidates);
  expect(turns.map(({ host }) => host)).toEqual(['b', 'd', 'c', 'a', 'e', 'f']);
});

test('each of the best is first about as often', () => {
  const first = new Map<string, number>();
  for (let run = 0; run < 4_000; run += 1) {
    const [one] = inTurnAmong(peers(2))(candidates);
    first.set(one?.host ?? '', (first.get(one?.host ?? '') ?? 0) + 1);
  }
  expect([...first.keys()].toSorted()).toEqual(['a', 'b', 'c', 'd']);
  for (const count of first.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
});
