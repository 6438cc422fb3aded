/** An upload that fails while the database accepts no change. */
import { expect, test } from 'vitest';
import type { StoredImage } from '#contracts/store/image-store.ts';
import { silentLog } from '#test/silent-log.ts';
import { uploadContent } from './image-content.ts';
import type { ImageContext } from '../images.ts';

const broken: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broken off')) }),
};

async function* bytes(): AsyncIterable<Uint8Array> {
  yield Buffer.from('bytes');
}

function world() {
  const image = { id: 'i1', status: 'queued', diskFormat: 'raw', containerFormat: 'bare' };
  const database = { isWritable: true };
  const context = {
    log: silentLog,
    clock: { now: () => 1 },
    uploading: new Set(),
    openGate: () => ({ admit: async () => {}, close: () => {} }),
    store: {
      update: async (_id: string, change: object, whileStatus: string) => {
        if (!database.isWritable) throw new Error('the disk is full');
        if (image.status !== whileStatus) return false;
        Object.assign(image, change);
        return true;
      },
    },
    files: {
      write: async (_id: string, parts: AsyncIterable<Uint8Array>) => {
        if (parts === broken) database.isWritable = false;
        for await (const part of parts) expect(part).toBeDefined();
        return { sizeBytes: 5, md5: 'm', sha512: 's' };
      },
    },
  } as unknown as ImageContext;
  const upload = (parts: AsyncIterable<Uint8Array>) =>
    uploadContent(context, image as StoredImage, { bytes: parts });
  return { image, database, upload };
}

test('its own failure is reported, and the next upload is accepted', async () => {
  const { image, database, upload } = world();
  await expect(upload(broken)).rejects.toThrow('broken off');
  expect(image.status).toBe('saving');
  database.isWritable = true;
  await upload(bytes());
  expect(image).toMatchObject({ status: 'active', sizeBytes: 5 });
  await expect(upload(bytes())).rejects.toMatchObject({ kind: 'conflict' });
});

test('of two concurrent uploads one is accepted', async () => {
  const { image, upload } = world();
  const [one, two] = await Promise.allSettled([upload(bytes()), upload(bytes())]);
  expect([one.status, two.status, image.status]).toEqual(['fulfilled', 'rejected', 'active']);
});
