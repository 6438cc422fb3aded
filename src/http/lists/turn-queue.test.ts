/** How many slices of long lists there are in each turn of the event loop, by a clock of steps. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, expect, test } from 'vitest';
import { TurnQueue } from './turn-queue.ts';

let time: number;
let next: (() => void)[];
let queue: TurnQueue;
/** Which lists made steps in the turn that runs. */
let made: string[];

beforeEach(() => {
  time = 0;
  next = [];
  made = [];
  queue = new TurnQueue({ now: () => time, afterEvents: (run) => void next.push(run) });
});

function* list(name: string, steps: number, stepMs = 1) {
  for (let step = 0; step < steps; step += 1) {
    time += stepMs;
    made.push(name);
    yield;
  }
  return name;
}

function* refused() {
  time += 1;
  yield;
  throw new Error('no view');
}

/** The steps of the turn that runs; another one begins. */
function endTurn(): string {
  const runs = next;
  next = [];
  const steps = made.join('');
  made = [];
  for (const run of runs) run();
  return steps;
}

function turns(count: number): string[] {
  return Array.from({ length: count }, endTurn);
}

test('a short list that finds no other waiting ends at once', async () => {
  const one = queue.run(list('a', 3));
  expect(made.join('')).toBe('aaa');
  expect(await one).toBe('a');
});

const names = 'abcdefghij'.split('');
test('ten lists take one slice of a turn, in rotation, in the order of arrival', async () => {
  const lists = names.map((name) => queue.run(list(name, 14)));
  expect(turns(9)).toEqual([
    'aaaaaaaaaa',
    '',
    'aabbccddee',
    '',
    'ffgghhiijj',
    '',
    'aabbccddee',
    '',
    'ffgghhiijj',
  ]);
  const others = turns(30);
  expect(await Promise.all(lists)).toEqual(names);
  expect(time).toBe(140);
  expect(Math.max(...others.map(({ length }) => length))).toBe(10);
  expect(next).toEqual([]);
});

test('a list that arrives while others wait is behind them, not beside them', () => {
  void queue.run(list('a', 30));
  endTurn();
  void queue.run(list('b', 2));
  expect(turns(4)).toEqual(['', 'aabbaaaaaa', '', 'aaaaaaaaaa']);
});

test('short lists of one turn share its slice; the next turn has another one', () => {
  for (const name of 'abcd') void queue.run(list(name, 4));
  expect(turns(3)).toEqual(['aaaabbbbcc', '', 'ccdddd']);
  turns(2);
  expect(next).toEqual([]);
  void queue.run(list('e', 4));
  expect(turns(1)).toEqual(['eeee']);
});

test('a list that follows another one in a turn has what is left of its slice', async () => {
  const both = queue.run(list('a', 6)).then(() => queue.run(list('b', 6)));
  await Promise.resolve();
  await Promise.resolve();
  expect(turns(3)).toEqual(['aaaaaabbbb', '', 'bb']);
  expect(await both).toBe('b');
});

test('one list alone has the whole slice', () => {
  void queue.run(list('a', 25));
  expect(turns(5)).toEqual(['aaaaaaaaaa', '', 'aaaaaaaaaa', '', 'aaaaa']);
});

test('a step that is longer than a slice ends it', () => {
  for (const name of 'ab') void queue.run(list(name, 2, 50));
  expect(turns(6)).toEqual(['a', '', 'a', '', 'b', '']);
  expect(turns(2)).toEqual(['b', '']);
});

test('an error reaches its list only', async () => {
  const long = queue.run(list('a', 12));
  const failing = queue.run(refused());
  const other = queue.run(list('b', 1));
  const outcomes = Promise.allSettled([long, failing, other]);
  turns(8);
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
});

test('each slice runs in the context of its list', () => {
  const context = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  function* reading(name: string) {
    for (let step = 0; step < 12; step += 1) {
      time += 1;
      if (context.getStore() !== name) seen.push(context.getStore());
      yield;
    }
  }
  for (const name of 'ab') context.run(name, () => void queue.run(reading(name)));
  turns(8);
  expect([time, seen]).toEqual([24, []]);
});
