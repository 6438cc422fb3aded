/** The suite that every source of images must pass for a host. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ImageSource } from './images.ts';

/** An image with bytes, and one without any yet. */
export interface DescribedImages {
  source: ImageSource;
  whole: { id: string; bytes: Buffer; diskFormat: string };
  queuedId: string;
}

export function imageSourceContract(fresh: () => Promise<DescribedImages>): void {
  test('an image is complete, with its size, hash and format', async () => {
    const { source, whole } = await fresh();
    const { bytes, ...described } = await source.open(whole.id);
    expect(described).toMatchObject({
      sizeBytes: whole.bytes.length,
      sha512: createHash('sha512').update(whole.bytes).digest('hex'),
      diskFormat: whole.diskFormat,
    });
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    expect(Buffer.concat(parts).equals(whole.bytes)).toBe(true);
  });

  test('the same image can be opened twice concurrently', async () => {
    const { source, whole } = await fresh();
    const sizes = await Promise.all(
      [source.open(whole.id), source.open(whole.id)].map(async (opened) => {
        let size = 0;
        for await (const part of (await opened).bytes) size += part.length;
        return size;
      }),
    );
    expect(sizes).toEqual([whole.bytes.length, whole.bytes.length]);
  });

  test('an unknown image, and one without bytes, are refused by name', async () => {
    const { source, queuedId } = await fresh();
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(source.open(unknown)).rejects.toMatchObject({
      kind: 'notFound',
      message: expect.stringContaining(unknown),
    });
    await expect(source.open(queuedId)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining(queuedId),
    });
  });
}
