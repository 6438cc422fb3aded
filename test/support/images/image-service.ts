/** One image, and those made from servers: an image service for tests of other things. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type {
  Image,
  ImageContents,
  ImageService,
  ImageWriter,
  NewImage,
} from '#contracts/services/images.ts';
import { ComputeError } from '#core/errors.ts';

export const imageId = 'd34af8b3-0736-4f8e-8ee6-9f1c16656b08';
export const queuedImageId = 'e34af8b3-0736-4f8e-8ee6-9f1c16656b08';
/** Of the image. */
export const imageBytes = Buffer.from('bytes of an image, in two parts');

/** Made from servers, by id. */
export type MadeImages = Map<string, NewImage & { projectId: string; bytes?: Buffer }>;

/** The image has bytes; an image that a server was created from may have been deleted. */
export function describedContents(made: MadeImages): ImageContents {
  return {
    saveImage: async (id, { open }) => {
      const parts: Uint8Array[] = [];
      for await (const part of open()) parts.push(part);
      const image = made.get(id);
      if (image === undefined) throw new ComputeError('notFound', `No image found with ID ${id}`);
      made.set(id, { ...image, bytes: Buffer.concat(parts) });
    },
    openImage: async (id) => {
      if (id === queuedImageId) throw new ComputeError('conflict', `Image ${id} has no bytes yet`);
      if (id !== imageId) throw new ComputeError('notFound', `No image found with ID ${id}`);
      const sha512 = createHash('sha512').update(imageBytes).digest('hex');
      const bytes = Readable.from([imageBytes.subarray(0, 10), imageBytes.subarray(10)]);
      return { sizeBytes: imageBytes.length, sha512, diskFormat: 'qcow2', bytes };
    },
  };
}

export function describedImageService(made: MadeImages): ImageService & ImageWriter {
  return {
    createImage: async (image, caller) => {
      made.set(image.id, { ...image, projectId: caller.projectId });
    },
    deleteImage: async (id) => void made.delete(id),
    listImages: async () => ({ images: [tiny], hasMore: false }),
    changeProperties: absent,
    deleteImageAs: absent,
    listBackups: async () => [...made.keys()].toReversed(),
    showImage: async (id) => (id === imageId ? tiny : absent(id)),
  };
}

const tiny: Image = {
  id: imageId,
  name: 'tiny',
  status: 'active',
  diskFormat: 'qcow2',
  minDiskGib: 0,
  minMemoryMib: 0,
  sizeBytes: 1,
  createdAt: Date.parse('2026-11-23T07:15:00Z'),
  updatedAt: Date.parse('2026-11-23T07:15:03Z'),
  properties: {},
};

async function absent(id: string): Promise<never> {
  throw new ComputeError('notFound', `Image ${id} could not be found.`);
}
