/** What every image store must do. */
import { expect, test } from 'vitest';
import type { ImageStore, StoredImage } from './image-store.ts';

const image: StoredImage = {
  id: 'i1',
  name: 'tiny',
  status: 'queued',
  visibility: 'public',
  projectId: 'p1',
  diskFormat: 'raw',
  containerFormat: 'bare',
  sizeBytes: null,
  md5: null,
  sha512: null,
  minDiskGib: 0,
  minMemoryMib: 0,
  isProtected: true,
  isHidden: false,
  tags: ['a'],
  properties: { hw_vif_model: 'virtio' },
  createdAt: 1,
  updatedAt: 1,
};

export function imageStoreContract(open: () => Promise<ImageStore>): void {
  test('gives back what was added, newest first', async () => {
    const store = await open();
    const newer = { ...image, id: 'i2', createdAt: 2, sizeBytes: 5_000_000_000 };
    await store.add(image);
    await store.add(newer);
    expect(await store.get('i1')).toEqual(image);
    expect(await store.list()).toEqual([newer, image]);
    expect(await store.get('none')).toBeUndefined();
  });

  test('refuses an id that is taken', async () => {
    const store = await open();
    await store.add(image);
    await expect(store.add(image)).rejects.toThrow('image i1 exists already');
  });

  test('changes an image only while it has the status asked for', async () => {
    const store = await open();
    await store.add(image);
    expect(await store.update('i1', { status: 'saving' }, 'queued')).toBe(true);
    expect(await store.update('i1', { status: 'saving' }, 'queued')).toBe(false);
    expect(await store.update('i1', { isProtected: false, tags: [] })).toBe(true);
    expect(await store.get('i1')).toEqual({
      ...image,
      status: 'saving',
      isProtected: false,
      tags: [],
    });
    await store.remove('i1');
    expect(await store.get('i1')).toBeUndefined();
  });

  test('counts images and bytes of a project', async () => {
    const store = await open();
    await store.add({ ...image, sizeBytes: 7 });
    await store.add({ ...image, id: 'i2', sizeBytes: 5_000_000_000 });
    await store.add({ ...image, id: 'i3' });
    await store.add({ ...image, id: 'i4', projectId: 'p2', sizeBytes: 11 });
    expect([await store.count('p1'), await store.count('none')]).toEqual([3, 0]);
    expect(await store.bytesOf('p1', [])).toBe(5_000_000_007);
    expect(await store.bytesOf('p1', ['i2', 'i4'])).toBe(7);
    expect(await store.bytesOf('none', [])).toBe(0);
  });

  test('undoes a transaction whose work throws', async () => {
    const store = await open();
    const work = store.atomic(async (rows) => {
      await rows.add(image);
      throw new Error(`${await rows.count('p1')} is too many`);
    });
    await expect(work).rejects.toThrow('1 is too many');
    expect(await store.list()).toEqual([]);
  });
}
