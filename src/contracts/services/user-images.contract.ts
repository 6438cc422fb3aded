/** What a user may do with images through the compute API: the suite of every image service. */
import { randomUUID } from 'node:crypto';
import { makeImage } from '#test/images/make-image.ts';
import { beforeAll, expect, test } from 'vitest';
import type { ImageQuery } from '#core/images/image-query.ts';
import type { ImagesUnderTest } from './image-service.contract.ts';

const unknownId = '00000000-0000-4000-8000-000000000000';

/** Within the suite of the image service. */
export function userImageContract(worldOf: () => ImagesUnderTest): void {
  /** That all images of these tests have, and no other. */
  const run = randomUUID();

  async function made(name: string, more: { minDiskGib?: number; os?: string } = {}) {
    const { images, member } = worldOf();
    const { os = 'linux', minDiskGib = 0 } = more;
    const properties = { run, os };
    return makeImage(
      images,
      { name, diskFormat: 'qcow2', minDiskGib, properties, sharedWith: null },
      member,
    );
  }

  let three: string[];
  beforeAll(async () => {
    three = [
      await made('in:one', { minDiskGib: 3 }),
      await made('two', { os: 'plan 9' }),
      await made('two'),
    ];
  });

  const idsOf = async (change: Partial<ImageQuery>) => {
    const { images, member } = worldOf();
    const query = { limit: 10, ...change, properties: { run, ...change.properties } };
    const page = await images.listImages(query, member);
    return page.images.map(({ id }) => id);
  };
  const timeOf = (ms: number) => new Date(ms).toISOString();
  const setOf = (ids: (string | undefined)[]) => new Set(ids);

  test('a list has the images that the user may see, each as it is shown', async () => {
    const { images, member, foreignId, whole } = worldOf();
    const { images: all } = await images.listImages({ properties: {}, limit: 1000 }, member);
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([...three, whole.id]));
    expect(ids).not.toContain(foreignId);
    expect(all.find(({ id }) => id === whole.id)).toEqual(await images.showImage(whole.id, member));
  });

  test('a list has the images that meet all conditions', async () => {
    const [one = '', two, last] = three;
    const { images, member } = worldOf();
    const { createdAt } = await images.showImage(one, member);
    expect(setOf(await idsOf({}))).toEqual(setOf(three));
    expect(await idsOf({ name: 'in:one' })).toEqual([one]);
    expect(setOf(await idsOf({ name: 'two' }))).toEqual(setOf([two, last]));
    expect(await idsOf({ name: 'two', properties: { os: 'plan 9' } })).toEqual([two]);
    expect(await idsOf({ minDiskGib: 3 })).toEqual([one]);
    expect(await idsOf({ minMemoryMib: 1 })).toEqual([]);
    expect(setOf(await idsOf({ status: 'queued', changedSince: timeOf(createdAt) }))).toEqual(
      setOf(three),
    );
    expect(await idsOf({ changedSince: timeOf(createdAt + 3_600_000) })).toEqual([]);
    expect(await idsOf({ status: 'active' })).toEqual([]);
  });

  test('pages follow each other, and the last one has no more', async () => {
    const { images, member } = worldOf();
    const query = { properties: { run }, limit: 2 };
    const first = await images.listImages(query, member);
    const after = first.images.at(-1)?.id;
    const second = await images.listImages({ ...query, after }, member);
    expect([first, second].map((page) => page.hasMore)).toEqual([true, false]);
    const ids = [...first.images, ...second.images].map(({ id }) => id);
    expect(ids).toEqual(await idsOf({}));
  });

  test('a page after an image that the user cannot see is refused', async () => {
    for (const after of [unknownId, worldOf().foreignId]) {
      await expect(idsOf({ after })).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining(after),
      });
    }
  });

  test('properties are set and removed; the rest of the image stays', async () => {
    const { images, member } = worldOf();
    const id = await made('changing');
    const before = await images.showImage(id, member);
    const set = { os: 'plan 9', 'a/b~c': 'new' };
    const changed = await images.changeProperties(id, { set, remove: [] }, member);
    expect(changed).toEqual({
      ...before,
      updatedAt: expect.any(Number),
      properties: { run, ...set },
    });
    const remove = ['a/b~c', 'os'];
    await images.changeProperties(id, { set: { more: '' }, remove }, member);
    const { properties } = await images.showImage(id, member);
    expect(properties).toEqual({ run, more: '' });
    await images.deleteImageAs(id, member);
  });

  test('a property to remove that is not there is a conflict, and nothing changes', async () => {
    const { images, member } = worldOf();
    const [id = ''] = three;
    const change = { set: { os: 'changed' }, remove: ['absent'] };
    await expect(images.changeProperties(id, change, member)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('absent'),
    });
    expect((await images.showImage(id, member)).properties).toEqual({ run, os: 'linux' });
  });

  test('a property that only the service sets is refused', async () => {
    const { images, member } = worldOf();
    const [id = ''] = three;
    const change = { set: { os_glance_stage_host: 'http://192.0.2.1' }, remove: [] };
    await expect(images.changeProperties(id, change, member)).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });

  test('a user deletes an own image', async () => {
    const { images, member } = worldOf();
    const id = await made('short-lived');
    await images.deleteImageAs(id, member);
    await expect(images.showImage(id, member)).rejects.toMatchObject({ kind: 'notFound' });
    await expect(images.deleteImageAs(id, member)).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('a protected image is not deleted', async () => {
    const { images, member, protectedId } = worldOf();
    await expect(images.deleteImageAs(protectedId, member)).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining(protectedId),
    });
    expect(await images.showImage(protectedId, member)).toMatchObject({ id: protectedId });
  });

  const change = { set: { os: 'changed' }, remove: [] };
  test('what the user cannot see is not found; what is another project’s is not changed', async () => {
    const { images, member, foreignId, whole } = worldOf();
    for (const id of [unknownId, 'no id', foreignId]) {
      const refused = { kind: 'notFound', message: `No image found with ID ${id}` };
      await expect(images.changeProperties(id, change, member)).rejects.toMatchObject(refused);
      await expect(images.deleteImageAs(id, member)).rejects.toMatchObject(refused);
    }
    const forbidden = { kind: 'forbidden' };
    await expect(images.changeProperties(whole.id, change, member)).rejects.toMatchObject(
      forbidden,
    );
    await expect(images.deleteImageAs(whole.id, member)).rejects.toMatchObject(forbidden);
    expect(await images.showImage(whole.id, member)).toMatchObject({ id: whole.id });
  });

  test('a reader reads and changes nothing', async () => {
    const { images, reader } = worldOf();
    const [id = ''] = three;
    expect(await images.showImage(id, reader)).toMatchObject({ id, properties: { os: 'linux' } });
    const page = await images.listImages({ properties: { run }, limit: 10 }, reader);
    expect(page.images.map((image) => image.id)).toContain(id);
    await expect(images.changeProperties(id, change, reader)).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await expect(images.deleteImageAs(id, reader)).rejects.toMatchObject({ kind: 'forbidden' });
  });
}
