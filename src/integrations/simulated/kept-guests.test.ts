import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { KeptGuests } from './kept-guests.ts';

interface Kept {
  state: 'on' | 'off';
  nics: string[];
  note?: string;
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
  });
const file = () => join(folder, 'kept.jsonl');
const lines = () => readFileSync(file(), 'utf8').split('\n').slice(0, -1);
const nics = ['a'];

test('a change appends the fields that have changed; a later process reads the whole', async () => {
  const guests = opened();
  await guests.set('g', { state: 'off', nics });
  await guests.set('g', { state: 'on', nics });
  await guests.set('h', { state: 'off', nics, note: 'n' });
  await guests.set('h', { state: 'off', nics });
  await guests.delete('g');
  await guests.delete('unknown');
  expect(lines()).toEqual([
    '["g",{"state":"off","nics":["a"]}]',
    '["g",{"state":"on"}]',
    '["h",{"state":"off","nics":["a"],"note":"n"}]',
    '["h",null]',
    '["h",{"state":"off","nics":["a"]}]',
    '["g",null]',
  ]);
  expect(opened().ids()).toEqual(['h']);
  expect(opened().get('h')).toEqual({ state: 'off', nics });
});

test('a later process appends to what an earlier one has written', async () => {
  await opened().set('g', { state: 'off', nics });
  await opened().set('g', { state: 'on', nics });
  expect(opened().get('g')).toEqual({ state: 'on', nics });
  expect(lines()).toHaveLength(2);
});

test('a change that a process had not written whole when it died did not happen', async () => {
  await opened().set('g', { state: 'off', nics });
  appendFileSync(file(), '["g",{"sta');
  const guests = opened();
  expect(guests.get('g')).toEqual({ state: 'off', nics });
  await guests.set('h', { state: 'on', nics });
  expect(opened().values()).toEqual([
    { state: 'off', nics },
    { state: 'on', nics },
  ]);
});

test.each(['{', 'null', '["g",{"state":"on"}]'])('a line %s is refused', async (line) => {
  await opened().set('h', { state: 'off', nics });
  appendFileSync(file(), `${line}\n`);
  expect(opened).toThrow(`guest file ${file()} cannot be read: `);
});

test('after a power cut that left an empty file there is no guest', async () => {
  await opened().set('g', { state: 'off', nics });
  writeFileSync(file(), '');
  expect(opened().ids()).toEqual([]);
});

test('the file is rewritten when most of its lines are of the past', async () => {
  const guests = opened();
  await guests.set('h', { state: 'off', nics });
  let longest = 0;
  for (let change = 0; change < 500; change += 1) {
    await guests.set('g', { state: change % 2 === 0 ? 'on' : 'off', nics });
    longest = Math.max(longest, lines().length);
  }
  expect(longest).toBeLessThan(220);
  expect(opened().values()).toEqual(guests.values());
  expect(readdirSync(folder)).toEqual(['kept.jsonl']);
});

test('files of an earlier version, one for each guest, are read, and replaced by the first change', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'g.json'), '{"state":"off","nics":["a"]}');
  writeFileSync(join(folder, 'h.json'), '{"state":"on" ,"nics":[]}');
  // A power cut came before its first text was on disk.
  writeFileSync(join(folder, 'i.json'), '');
  const guests = opened();
  expect(guests.ids().toSorted()).toEqual(['g', 'h']);
  await guests.delete('g');
  expect(readdirSync(folder)).toEqual(['kept.jsonl']);
  expect(opened().values()).toEqual([{ state: 'on', nics: [] }]);
});

test('of a file of an earlier version that is not complete the name is reported', () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'g.json'), '{"state":"off"}');
  expect(opened).toThrow(`guest file ${join(folder, 'g.json')} cannot be read: `);
});

test('what could not be written is not kept', async () => {
  const guests = opened();
  await guests.set('g', { state: 'off', nics });
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'not a folder');
  await expect(guests.set('h', { state: 'off', nics })).rejects.toThrow('ENOTDIR');
  await expect(guests.set('g', { state: 'on', nics })).rejects.toThrow('ENOTDIR');
  await expect(guests.delete('g')).rejects.toThrow('ENOTDIR');
  expect(guests.values()).toEqual([{ state: 'off', nics }]);
});

test('guests whose file is removed by others are written again', async () => {
  const guests = opened();
  await guests.set('g', { state: 'off', nics });
  await guests.set('h', { state: 'off', nics });
  rmSync(folder, { recursive: true });
  await guests.set('g', { state: 'on', nics });
  expect(opened().values()).toEqual(guests.values());
});

test('a copy has the chosen guests as they are now', async () => {
  const guests = opened();
  for (const id of ['g', 'h']) await guests.set(id, { state: 'off', nics });
  await guests.set('g', { state: 'on', nics });
  expect(guests.textOf(new Set(['g', 'x']))).toBe('["g",{"state":"on","nics":["a"]}]\n');
  expect(guests.textOf(new Set())).toBe('');
});
