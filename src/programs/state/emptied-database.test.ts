import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { refuseEmptiedDatabase } from './emptied-database.ts';

let state: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  state = temporaryDirectory();
});
afterEach(() => state.remove());

const check = () => refuseEmptiedDatabase({ file: (...names) => join(state.path, ...names) });

test.each(['hosts', 'images', 'admin-password'])(
  'an emptied database beside %s is refused with the remedy',
  (name) => {
    writeFileSync(join(state.path, 'novella.sqlite'), '');
    mkdirSync(join(state.path, name));
    expect(check).toThrow(
      new RegExp(`novella\\.sqlite is empty, but .*${name} is there: the database was lost`),
    );
  },
);

test('an empty file in an otherwise new directory, and no file, is a new cloud', () => {
  check();
  writeFileSync(join(state.path, 'novella.sqlite'), '');
  check();
});

test('a database with content is left alone', () => {
  mkdirSync(join(state.path, 'hosts'));
  writeFileSync(join(state.path, 'novella.sqlite'), 'content');
  check();
});
