import { expect, test } from 'vitest';
import { syncsIn } from './syncs.ts';

test('syncs of the database and of other files are counted apart', () => {
  const text = [
    '71 fdatasync(21</s/novella.sqlite-wal>) = 0',
    '75 fsync(22</s/novella.sqlite>) = 0',
    '75 fsync(30</s/hosts/host-1/guests> <unfinished ...>',
    '75 <... fsync resumed>) = 0',
    '71 --- SIGCHLD {si_signo=SIGCHLD} ---',
  ].join('\n');
  expect(syncsIn(text)).toEqual({ database: 2, other: 1 });
});
