import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guestFolders } from './guest-folders.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'novella-folders-'));
  for (const name of ['one', 'other', 'nas', 'nas-2']) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true }));

const folders = (name: string, shared?: string) =>
  guestFolders({ name, sharedFolder: shared && join(root, shared) }, join(root, name));

test('a host has its guests in its state directory, unless it shares a folder', async () => {
  expect(await folders('one')).toEqual({
    directory: join(root, 'one', 'guests'),
    imageDirectory: join(root, 'one', 'images'),
    owner: 'host one',
    sharedStorage: undefined,
  });
});

test('hosts with the same storage find its id, however they begin; each has images of its own', async () => {
  const [one, other] = await Promise.all([folders('one', 'nas'), folders('other', 'nas')]);
  expect(one.sharedStorage).toMatch(/^[0-9a-f-]{36}$/);
  expect(other.sharedStorage).toBe(one.sharedStorage);
  expect(await folders('one', 'nas')).toEqual(one);
  expect([one.owner, other.owner]).toEqual(Array(2).fill(`storage ${one.sharedStorage}`));
  expect([one.directory, other.directory]).toEqual(Array(2).fill(join(root, 'nas', 'guests')));
  expect([one.imageDirectory, other.imageDirectory]).toEqual([
    join(root, 'nas', 'images', 'one'),
    join(root, 'nas', 'images', 'other'),
  ]);
  expect(readdirSync(join(root, 'nas'))).toEqual(['novella-storage']);
});

test('another storage has another id', async () => {
  const [one, other] = [await folders('one', 'nas'), await folders('other', 'nas-2')];
  expect(one.sharedStorage).not.toBe(other.sharedStorage);
});

test('a folder that is not there is no storage', async () => {
  await expect(folders('one', 'absent')).rejects.toThrow(
    /^host.shared_folder: \S+absent cannot be used: ENOENT.*: is its storage mounted\?$/,
  );
});

test('a host does not lose sight of its guests’ files', async () => {
  mkdirSync(join(root, 'one', 'guests', 'a-guest'), { recursive: true });
  await expect(folders('one', 'nas')).rejects.toThrow(/has the files of 1 guests in .*one\/guests/);
  await folders('other', 'nas');
  const elsewhere = /has the files of its guests in \S+nas: set that again/;
  await expect(folders('other')).rejects.toThrow(elsewhere);
  await expect(folders('other', 'nas-2')).rejects.toThrow(elsewhere);
  rmSync(join(root, 'other', 'shared-folder'));
  expect((await folders('other')).sharedStorage).toBeUndefined();
});

test('a folder whose storage is not mounted, or is another one, is refused and left as it is', async () => {
  const id = (await folders('one', 'nas')).sharedStorage;
  const idPath = join(root, 'nas', 'novella-storage');
  const note = join(root, 'one', 'shared-folder');
  const notMounted = /^host.shared_folder: the storage .* is not mounted at \S+nas: /;
  rmSync(idPath);
  await expect(folders('one', 'nas')).rejects.toThrow(notMounted);
  expect(readdirSync(join(root, 'nas'))).toEqual([]);
  await expect(folders('one', 'nas')).rejects.toThrow(
    `${idPath} cannot be read. Mount it there, and start the agent again; if the host has no guests any more, remove ${note}`,
  );
  const { sharedStorage: another } = await folders('other', 'nas');
  await expect(folders('one', 'nas')).rejects.toThrow(`has the id ${another}, which must be ${id}`);
  writeFileSync(idPath, `${id}\n`);
  expect((await folders('one', 'nas')).sharedStorage).toBe(id);
});
