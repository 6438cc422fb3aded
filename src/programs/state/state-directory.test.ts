import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { takeStateDirectory } from './state-directory.ts';

const folder = mkdtempSync(join(tmpdir(), 'novella-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file in the place of the directory, or above it, is refused with a readable message', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) {
    expect(() => takeStateDirectory(path)).toThrow(
      `state directory ${path} cannot be used: a file is in its place or above it`,
    );
  }
});

test('one process holds a directory, until it releases it', () => {
  const path = join(folder, 'state');
  const first = takeStateDirectory(path);
  expect(() => takeStateDirectory(path)).toThrow(`is in use by process ${process.pid}`);
  first.release();
  takeStateDirectory(path).release();
});
