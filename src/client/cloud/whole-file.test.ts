import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { writeWhole } from './whole-file.ts';

test('a file is replaced as a whole, for its owner only, whatever was there', () => {
  const path = freshFile('secret');
  writeFileSync(path, 'old');
  chmodSync(path, 0o644);
  writeFileSync(`${path}.new`, 'left by a dead process', { mode: 0o666 });
  writeWhole(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(path))).toEqual(['secret']);
});

test('what cannot be written leaves nothing behind', () => {
  const path = freshFile('folder');
  mkdirSync(`${path}/inside`, { recursive: true });
  expect(() => writeWhole(path, 'text')).toThrow(path);
  expect(readdirSync(dirname(path))).toEqual(['folder']);
});
