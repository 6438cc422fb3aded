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
  test('returns what was added, newest first', async () => {
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
    await store.remove('i1');
    await store.remove('i1');
    await expect(store.add(image)).rejects.toMatchObject({
      kind: 'conflict',
      message: 'image i1 has existed: choose another id',
    });
  });

  test('changes an image only while it has the required status', async () => {
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

  test('lists what a project may see', async () => {
    const store = await open();
    const member = { status: 'accepted', createdAt: 1, updatedAt: 1 } as const;
    for (const visibility of ['public', 'private', 'shared', 'community'] as const) {
      await store.add({ ...image, id: `own ${visibility}`, visibility });
      await store.add({ ...image, id: visibility, projectId: 'p2', visibility });
      await store.putMember({ ...member, imageId: visibility, memberId: 'p1' });
    }
    const idsFor = async (memberStatus: 'accepted' | 'pending' | 'all', community: boolean) =>
      (await store.list({ projectId: 'p1', memberStatus, community })).map(({ id }) => id);
    const own = ['own community', 'own private', 'own public', 'own shared', 'public'];
    expect(await idsFor('pending', false)).toEqual(own);
    expect(await idsFor('accepted', false)).toEqual([...own, 'shared']);
    expect(await idsFor('all', true)).toEqual(['community', ...own, 'shared']);
  });

  test('keeps the members of an image as long as the image', async () => {
    const store = await open();
    await store.add(image);
    const member = { imageId: 'i1', memberId: 'p2', createdAt: 1, updatedAt: 1 } as const;
    await store.putMember({ ...member, status: 'pending' });
    await store.putMember({ ...member, memberId: 'p3', status: 'pending', createdAt: 2 });
    await store.putMember({ ...member, status: 'accepted', createdAt: 9, updatedAt: 9 });
    const accepted = { ...member, status: 'accepted', updatedAt: 9 };
    expect((await store.members('i1')).map(({ memberId }) => memberId)).toEqual(['p2', 'p3']);
    expect(await store.member('i1', 'p2')).toEqual(accepted);
    expect(await store.removeMember('i1', 'p3')).toBe(true);
    expect(await store.removeMember('i1', 'p3')).toBe(false);
    await store.remove('i1');
    expect([await store.members('i1'), await store.member('i1', 'p2')]).toEqual([[], undefined]);
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
