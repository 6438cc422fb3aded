import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeHostMemory } from '#contracts/host/host-memory.contract.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileMemory } from './file-memory.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-memory-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describeHostMemory('files', async () => {
  const directory = join(mkdtempSync(join(folder, 'host-')), 'memory');
  return { memory: new FileMemory(directory), again: () => new FileMemory(directory) };
});
describeHostMemory('simulated', async () => ({ memory: new SimulatedMemory() }));

test('a file that a crash left incomplete is no document', async () => {
  const directory = mkdtempSync(join(folder, 'crash-'));
  const memory = new FileMemory(directory);
  await memory.write('devices/0000:01:10.0', { driver: 'igbvf' });
  writeFileSync(join(directory, 'devices/0000:01:10.0.json.new'), '{"driver": "ig');
  expect(await memory.keys('devices')).toEqual(['devices/0000:01:10.0']);
  await memory.write('devices/0000:01:10.0', { driver: null });
  expect(readdirSync(join(directory, 'devices'))).toEqual(['0000:01:10.0.json']);
});

test('an unreadable document is named, not treated as absent', async () => {
  const directory = mkdtempSync(join(folder, 'broken-'));
  const memory = new FileMemory(directory);
  await memory.write('devices/0000:01:10.0', {});
  const path = join(directory, 'devices/0000:01:10.0.json');
  writeFileSync(path, 'rubbish');
  await expect(memory.read('devices/0000:01:10.0')).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(`${path} cannot be read`),
  });
});

test('a key stays below its directory', async () => {
  await expect(new FileMemory(folder).read('../outside')).rejects.toMatchObject({ kind: 'bug' });
});
