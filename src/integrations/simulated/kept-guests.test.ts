import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { KeptGuests } from './kept-guests.ts';

interface Kept {
  state: 'on' | 'off';
  nics: string[];
}

const root = mkdtempSync(join(tmpdir(), 'novella-kept-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(root, 'host-')), 'guests');
});

const opened = () =>
  new KeptGuests<Kept>({
    folder,
    isWhole: ({ state, nics }) => state !== undefined && nics !== undefined,
    changing: { name: 'state', width: '"off"'.length },
  });
const fileOf = (guestId: string) => join(folder, `${guestId}.json`);
const inode = (guestId: string) => statSync(fileOf(guestId)).ino;
const nics = ['a'];

test('a field that changes alone is changed in place, other changes replace the file', async () => {
  const guests = opened();
  await guests.set('g', { state: 'off', nics });
  const first = inode('g');
  await guests.set('g', { state: 'on', nics });
  expect(inode('g')).toBe(first);
  expect(readFileSync(fileOf('g'), 'utf8')).toBe('{"state":"on" ,"nics":["a"]}');
  await guests.set('g', { state: 'off', nics: ['a', 'b'] });
  expect(inode('g')).not.toBe(first);
  expect(opened().get('g')).toEqual({ state: 'off', nics: ['a', 'b'] });
  expect(readdirSync(folder)).toEqual(['g.json']);
});

test('what an earlier process has written is read, and changed in place from then on', async () => {
  await opened().set('g', { state: 'off', nics });
  const guests = opened();
  const first = inode('g');
  const kept = guests.get('g')!;
  await guests.set('g', { ...kept, state: 'on' });
  expect(inode('g')).toBe(first);
  expect(opened().get('g')).toEqual({ state: 'on', nics });
});

test('a file whose changing field is elsewhere is replaced as a whole', async () => {
  await opened().set('g', { state: 'off', nics });
  for (const text of ['{"nics":["a"],"state":"off"}', '{"state":"off"   ,"nics":["a"]}']) {
    writeFileSync(fileOf('g'), text);
    const guests = opened();
    expect(guests.get('g')).toEqual({ state: 'off', nics });
    await guests.set('g', { ...guests.get('g')!, state: 'on' });
    expect(opened().get('g')).toEqual({ state: 'on', nics });
  }
});

test('concurrent changes of a guest are written in their order', async () => {
  const guests = opened();
  const first = guests.set('g', { state: 'off', nics });
  expect(guests.get('g')).toEqual({ state: 'off', nics });
  await Promise.all([first, guests.set('g', { state: 'on', nics })]);
  expect(opened().get('g')).toEqual({ state: 'on', nics });
  await Promise.all([guests.set('g', { state: 'off', nics: [] }), guests.delete('g')]);
  expect(opened().ids()).toEqual([]);
});

test('what could not be written is not kept', async () => {
  const guests = opened();
  await guests.set('g', { state: 'off', nics });
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'not a folder');
  await expect(guests.set('h', { state: 'off', nics })).rejects.toThrow('ENOTDIR');
  await expect(guests.set('g', { state: 'on', nics })).rejects.toThrow('ENOTDIR');
  expect(guests.values()).toEqual([{ state: 'off', nics }]);
});

test('a guest whose file is removed by others is written again', async () => {
  const guests = opened();
  await guests.set('g', { state: 'off', nics });
  rmSync(folder, { recursive: true });
  await guests.set('g', { state: 'on', nics });
  expect(opened().get('g')).toEqual({ state: 'on', nics });
});
