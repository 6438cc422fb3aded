/** A crash is simulated at each file system call: the old file or the new one, never half. */
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import {
  removeDurably,
  renameDurably,
  replaceFileSync,
  writeFileDurably,
  writeFileDurablySync,
} from './atomic-file.ts';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

const writers: [string, (path: string, text: string) => Promise<void>][] = [
  ['writeFileDurably', writeFileDurably],
  ['writeFileDurablySync', async (path, text) => writeFileDurablySync(path, text)],
  ['replaceFileSync', async (path, text) => replaceFileSync(path, text)],
];

/** A crash: no later call has any effect. */
class Crash extends Error {}

/**
 * Counts every call to the file system, records those that make content durable, and from the call
 * of this number on fails all.
 */
function crashingAt(number: number): { log: string[] } {
  const log: string[] = [];
  let calls = 0;
  const step = (name: string, path: string): void => {
    calls += 1;
    if (calls >= number) throw new Crash(`call ${calls}: ${name}`);
    log.push(`${name} ${path.split('/').at(-1)}`);
  };
  const before = (owner: object, name: string, as: string): void => {
    const calls = owner as Record<string, (...args: unknown[]) => unknown>;
    const real = calls[name];
    vi.spyOn(calls, name).mockImplementation((...args) => {
      step(as, String(args[0]));
      return real?.apply(owner, args);
    });
  };
  for (const name of ['rm', 'rename'] as const) before(promises, name, name);
  for (const name of ['open', 'rmSync', 'renameSync', 'writeFileSync'] as const) {
    before(fs, name, name.replace('Sync', ''));
  }
  const paths = new Map<number, string>();
  const { openSync, fsyncSync } = fs;
  vi.spyOn(fs, 'openSync').mockImplementation((path, ...rest) => {
    const handle = openSync(path, ...rest);
    paths.set(handle, String(path));
    return handle;
  });
  vi.spyOn(fs, 'fsyncSync').mockImplementation((handle) => {
    step('sync', paths.get(handle) ?? '');
    fsyncSync(handle);
  });
  const { open } = promises;
  vi.spyOn(promises, 'open').mockImplementation(async (path, ...rest) => {
    const file = await open(path, ...rest);
    const writeFile = file.writeFile.bind(file);
    const sync = file.sync.bind(file);
    file.writeFile = async (text) => {
      // Half of it is written when the machine stops.
      await writeFile((text as string).slice(0, 3));
      step('write', String(path));
      await writeFile((text as string).slice(3));
    };
    file.sync = async () => {
      step('sync', String(path));
      await sync();
    };
    return file;
  });
  syncBuiltinESMExports();
  return { log };
}

test.each(writers)(
  '%s: a crash at any call leaves the old text or the new one',
  async (_, write) => {
    let crashes = 0;
    for (let number = 1; ; number += 1) {
      const path = freshFile('kept');
      writeFileSync(path, 'the old text');
      crashingAt(number);
      const outcome = await write(path, 'the new text').then(
        () => 'written',
        () => 'crashed',
      );
      vi.restoreAllMocks();
      syncBuiltinESMExports();
      const found = readFileSync(path, 'utf8');
      if (outcome === 'written') {
        expect(found).toBe('the new text');
        break;
      }
      expect(['the old text', 'the new text']).toContain(found);
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(2);
  },
);

test('content is synced before it is renamed, the folder after', async () => {
  const path = freshFile('kept');
  const { log } = crashingAt(Number.POSITIVE_INFINITY);
  await writeFileDurably(path, 'text');
  const folder = dirname(path).split('/').at(-1);
  expect(log).toEqual([
    'rm kept.new',
    'write kept.new',
    'sync kept.new',
    'rename kept.new',
    `sync ${folder}`,
  ]);
});

test('what is renamed or removed is synced too', async () => {
  const path = freshFile('kept');
  const folder = dirname(path).split('/').at(-1);
  writeFileSync(`${path}.part`, 'text');
  const { log } = crashingAt(Number.POSITIVE_INFINITY);
  await renameDurably(`${path}.part`, path);
  await removeDurably(path);
  expect(log).toEqual([
    'sync kept.part',
    'rename kept.part',
    `sync ${folder}`,
    'rm kept',
    `sync ${folder}`,
  ]);
  expect(readdirSync(dirname(path))).toEqual([]);
  await removeDurably(`${path}/none/at/all`);
});

test.each(writers)(
  '%s: readable by its owner only, whatever the file’s mode was',
  async (_, write) => {
    const path = freshFile('secret');
    writeFileSync(path, 'old');
    chmodSync(path, 0o644);
    writeFileSync(`${path}.new`, 'left by a dead process', { mode: 0o666 });
    await write(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['secret']);
  },
);

test('of concurrent writes of one file the last is kept whole', async () => {
  const path = freshFile('kept');
  const texts = ['a', 'b', 'c'].map((letter, at) => letter.repeat(100_000 * (3 - at)));
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(texts.map((text) => writeFileDurably(path, text)));
    expect(readFileSync(path, 'utf8') === texts.at(-1)).toBe(true);
  }
  expect(readdirSync(dirname(path))).toEqual(['kept']);
});

test.each(writers)('%s: a failed write leaves no file behind', async (_, write) => {
  const path = freshFile('folder');
  mkdirSync(`${path}/inside`, { recursive: true });
  await expect(write(path, 'text')).rejects.toThrow(path);
  expect(readdirSync(dirname(path))).toEqual(['folder']);
});
