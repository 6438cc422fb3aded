/** The suite that every image service must pass for the compute side. */
import { makeImage } from '#test/images/make-image.ts';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyQcow2 } from '#core/images/empty-qcow2.ts';
import type { Caller } from './identity.ts';
import type { ImageContents, ImageService, ImageWriter } from './images.ts';
import { userImageContract } from './user-images.contract.ts';

export interface ImagesUnderTest {
  images: ImageService & ImageContents & ImageWriter;
  member: Caller;
  /** Of the member's project, with the role `reader` alone. */
  reader: Caller;
  /**
   * A public image: qcow2, name `small`, min_disk 2, min_ram 64, properties `{ hw_numa_nodes: '2'
   * }`.
   */
  whole: { id: string; bytes: Buffer };
  /** Of another project and visible only there; its bytes are uploaded. */
  foreignId: string;
  /** Without bytes yet. */
  queuedId: string;
  /** Of the member's project, and protected. */
  protectedId: string;
  stop(): Promise<void>;
}

const unknownId = '00000000-0000-4000-8000-000000000000';

export function describeImageService(name: string, make: () => Promise<ImagesUnderTest>): void {
  describe(`image service contract: ${name}`, () => {
    let world: ImagesUnderTest;
    beforeAll(async () => {
      world = await make();
    });
    afterAll(() => world.stop());

    test('an image has what a guest needs to know of it', async () => {
      const { images, member, whole } = world;
      expect(await images.showImage(whole.id, member)).toEqual({
        id: whole.id,
        name: 'small',
        status: 'active',
        diskFormat: 'qcow2',
        minDiskGib: 2,
        minMemoryMib: 64,
        sizeBytes: whole.bytes.length,
        createdAt: expect.any(Number),
        updatedAt: expect.any(Number),
        properties: { hw_numa_nodes: '2' },
      });
    });

    test('its bytes are complete, with size, hash and format', async () => {
      const { images, whole } = world;
      const { bytes, ...described } = await images.openImage(whole.id);
      expect(described).toMatchObject({
        sizeBytes: whole.bytes.length,
        sha512: createHash('sha512').update(whole.bytes).digest('hex'),
        diskFormat: 'qcow2',
      });
      const parts: Uint8Array[] = [];
      for await (const part of bytes) parts.push(part);
      expect(Buffer.concat(parts).equals(whole.bytes)).toBe(true);
    });

    test('an image that does not exist, or that the caller may not see, is not found', async () => {
      const { images, member, foreignId } = world;
      for (const id of [unknownId, foreignId]) {
        await expect(images.showImage(id, member)).rejects.toMatchObject({
          kind: 'notFound',
          message: expect.stringContaining(id),
        });
      }
      await expect(images.openImage(unknownId)).rejects.toMatchObject({ kind: 'notFound' });
    });

    test('hosts get the bytes of any project’s image', async () => {
      const { bytes } = await world.images.openImage(world.foreignId);
      let size = 0;
      for await (const part of bytes) size += part.length;
      expect(size).toBeGreaterThan(0);
    });

    const newImage = {
      name: 'made',
      diskFormat: 'qcow2',
      minDiskGib: 3,
      properties: { image_type: 'snapshot', hw_disk_bus: 'sata' },
      sharedWith: null,
    } as const;

    test('an image is made for a user, gets its bytes once, and is deleted', async () => {
      const { images, member } = world;
      const id = await makeImage(images, newImage, member);
      expect(await images.showImage(id, member)).toMatchObject({
        name: 'made',
        status: 'queued',
        diskFormat: 'qcow2',
        minDiskGib: 3,
        properties: newImage.properties,
      });
      // A real Glance compares the bytes with the declared format.
      const bytes = emptyQcow2(2 ** 30);
      async function* halves() {
        yield bytes.subarray(0, 100_000);
        yield bytes.subarray(100_000);
      }
      const upload = { sizeBytes: bytes.length, open: halves };
      await images.saveImage(id, upload);
      await images.saveImage(id, upload);
      const parts: Uint8Array[] = [];
      for await (const part of (await images.openImage(id)).bytes) parts.push(part);
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
      await images.deleteImage(id);
      await images.deleteImage(id);
      await expect(images.showImage(id, member)).rejects.toMatchObject({ kind: 'notFound' });
      await expect(images.saveImage(id, upload)).rejects.toMatchObject({ kind: 'notFound' });
    });

    test('an image has the id that was chosen for it; a second one is refused', async () => {
      const { images, member } = world;
      const id = await makeImage(images, newImage, member);
      await expect(images.createImage({ ...newImage, id }, member)).rejects.toMatchObject({
        kind: 'conflict',
      });
      await images.deleteImage(id);
      await expect(images.createImage({ ...newImage, id }, member)).rejects.toMatchObject({
        kind: 'conflict',
      });
    });

    test('an upload that breaks off leaves the image without bytes', async () => {
      const { images, member } = world;
      const id = await makeImage(images, newImage, member);
      async function* broken() {
        yield Buffer.alloc(1_000);
        throw new Error('the host is gone');
      }
      await expect(images.saveImage(id, { sizeBytes: 5_000, open: broken })).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await expect(images.openImage(id)).rejects.toMatchObject({ kind: 'conflict' });
      await images.deleteImage(id);
    });

    test('the backups of one type of a server, newest first', async () => {
      const { images, member } = world;
      const make = (server: string, backupType: string) =>
        makeImage(
          images,
          {
            ...newImage,
            properties: {
              image_type: 'backup',
              backup_type: backupType,
              instance_uuid: server,
            },
          },
          member,
        );
      const ids = [await make('s1', 'daily'), await make('s1', 'daily')];
      for (const id of [await make('s1', 'weekly'), await make('s2', 'daily')]) {
        expect(ids).not.toContain(id);
      }
      const found = await images.listBackups({
        serverId: 's1',
        backupType: 'daily',
        likeImageId: ids[0] ?? '',
      });
      expect(found.toSorted()).toEqual(ids.toSorted());
    });

    userImageContract(() => world);

    test('opening an image without bytes is a conflict', async () => {
      const { images, queuedId } = world;
      await expect(images.openImage(queuedId)).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining(queuedId),
      });
    });
  });
}
