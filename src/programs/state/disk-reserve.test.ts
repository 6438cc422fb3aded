import { existsSync, mkdirSync, rmdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { type DiskReserve, keepDiskReserve, reserveName } from './disk-reserve.ts';

let folder: ReturnType<typeof temporaryDirectory>;
let reserve: DiskReserve;
let path: string;
beforeEach(() => {
  folder = temporaryDirectory();
  path = join(folder.path, reserveName);
  reserve = keepDiskReserve(folder.path, { log: silentLog, retryMs: 1 });
});
afterEach(() => {
  reserve.stop();
  folder.remove();
});

test('the disk space is really allocated, readable by its owner only', () => {
  const { size, blocks, mode } = statSync(path);
  expect(size).toBeGreaterThan(0);
  expect(blocks * 512).toBeGreaterThanOrEqual(size);
  expect(mode & 0o777).toBe(0o600);
  expect(reserve.isShort()).toBe(false);
});

test('released space is missing until it is allocated again, and the database shrinks before that', async () => {
  let shrunk = 0;
  reserve.onRelease(async () => {
    shrunk += 1;
    throw new Error('still full');
  });
  reserve.release();
  expect(existsSync(path)).toBe(false);
  expect(reserve.isShort()).toBe(true);
  await vi.waitUntil(() => !reserve.isShort());
  expect(existsSync(path)).toBe(true);
  expect(shrunk).toBeGreaterThanOrEqual(2);
});

test('while the file can be neither written nor removed, it is retried', async () => {
  let tries = 0;
  reserve.onRelease(async () => {
    tries += 1;
  });
  reserve.release();
  mkdirSync(path);
  const before = tries;
  await vi.waitUntil(() => tries > before + 2);
  expect(reserve.isShort()).toBe(true);
  rmdirSync(path);
  await vi.waitUntil(() => !reserve.isShort());
});

test('a file that a dead process left incomplete is written again', () => {
  reserve.stop();
  const { size } = statSync(path);
  truncateSync(path, 10);
  reserve = keepDiskReserve(folder.path, { log: silentLog });
  expect(statSync(path).size).toBe(size);
});
