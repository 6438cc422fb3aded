/** Files for the owner's eyes only, whole or not there. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '#test/novella-process.ts';
import { copyWhole, writeWhole } from './whole-file.ts';

let folder: ReturnType<typeof temporaryDirectory>;
let mask: number;
beforeEach(() => {
  folder = temporaryDirectory();
  mask = process.umask(0);
});
afterEach(() => {
  process.umask(mask);
  folder.remove();
});

const at = (name: string) => join(folder.path, name);
const mode = (name: string) => statSync(at(name)).mode & 0o777;

test('what is written takes the place of what was there, and nobody else reads it', () => {
  writeFileSync(at('secret'), 'old');
  // Of a process that died while it wrote.
  writeFileSync(at('secret.new'), 'half', { mode: 0o666 });
  writeWhole(at('secret'), 'new');
  expect([readFileSync(at('secret'), 'utf8'), mode('secret')]).toEqual(['new', 0o600]);
  expect(readdirSync(folder.path)).toEqual(['secret']);
});

test('what cannot get its name leaves nothing behind', () => {
  mkdirSync(at('taken'));
  expect(() => writeWhole(at('taken'), 'text')).toThrow(/EISDIR/);
  expect(readdirSync(folder.path)).toEqual(['taken']);
});

test('a copy is for the owner only too, and takes no name that is taken', async () => {
  writeFileSync(at('from'), 'text', { mode: 0o644 });
  const { bytes } = await copyWhole(at('from'), at('below/to'));
  expect([bytes, mode('below/to'), mode('below')]).toEqual([4, 0o600, 0o700]);
  await expect(copyWhole(at('from'), at('below/to'))).rejects.toThrow(/EEXIST/);
});
