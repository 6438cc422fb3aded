import { afterEach, expect, test } from 'vitest';
import type { StoredImage } from '#contracts/store/image-store.ts';
import { freshFile } from '#test/fresh-file.ts';
import { aNewServer } from '#test/worlds/store-rows.ts';
import { migrate } from '../migrate.ts';
import { createImageStore } from '../services/image-store.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { computeStore } from '../store.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

const image: Omit<StoredImage, 'id'> = {
  ...{ name: null, status: 'queued', visibility: 'private', projectId: 'p1' },
  ...{ diskFormat: null, containerFormat: null, sizeBytes: null, md5: null, sha512: null },
  ...{ minDiskGib: 0, minMemoryMib: 0, isProtected: false, isHidden: false },
  ...{ tags: [], properties: {}, createdAt: 1, updatedAt: 1 },
};

test('the id of a server’s image that was deleted before is given to no other image', async () => {
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0035-network-quotas');
  const { server, ...rest } = aNewServer();
  await computeStore(db).servers.create({ ...rest, server: { ...server, imageId: 'gone' } });
  await migrate(db);
  const images = createImageStore(db);
  await expect(images.add({ ...image, id: 'gone' })).rejects.toMatchObject({ kind: 'conflict' });
  await images.add({ ...image, id: 'other' });
});
