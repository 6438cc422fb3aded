import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskRooms } from './disks.ts';

test('folders of one file system are one disk; missing ones are omitted', async () => {
  const state = mkdtempSync(join(tmpdir(), 'novella-disks-'));
  const folders = { state, images: join(state, '.'), elsewhere: join(state, 'no-such-folder') };
  const rooms = await diskRooms(folders);
  rmSync(state, { recursive: true });
  expect(rooms).toEqual([
    { uses: ['state', 'images'], freeBytes: expect.any(Number), sizeBytes: expect.any(Number) },
  ]);
  expect(rooms[0]?.freeBytes).toBeLessThanOrEqual(rooms[0]?.sizeBytes ?? 0);
});

test('another file system is another disk', async () => {
  const rooms = await diskRooms({ state: '/', processes: '/proc' });
  expect(rooms.map(({ uses }) => uses)).toEqual([['state'], ['processes']]);
});
