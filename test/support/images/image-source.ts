/** Images for tests: described in memory, returned as by the image service. */
import { createHash } from 'node:crypto';
import type { ImageSource } from '#contracts/services/images.ts';
import { ComputeError } from '#core/errors.ts';

export interface DescribedImage {
  diskFormat?: string;
  content: Uint8Array;
  /** The format that the image service reports; default: the real one. */
  sha512?: string;
  /** Thrown instead of the second half of its bytes. */
  breaksOff?: Error;
}

/** `opened` has the ids in the order of the requests. */
export interface DescribedImages extends ImageSource {
  images: Map<string, DescribedImage>;
  opened: string[];
  /** What was uploaded, by image. */
  uploaded: Map<string, Buffer>;
}

/** Defaults of an image: raw. */
export function describedImages(images: Record<string, DescribedImage>): DescribedImages {
  const described = new Map(Object.entries(images));
  const opened: string[] = [];
  const uploaded = new Map<string, Buffer>();
  return {
    images: described,
    opened,
    uploaded,
    async upload(id, { open }) {
      const parts: Uint8Array[] = [];
      for await (const part of open()) parts.push(part);
      uploaded.set(id, Buffer.concat(parts));
    },
    async open(id) {
      opened.push(id);
      const image = described.get(id);
      if (image === undefined) throw new ComputeError('notFound', `No image found with ID ${id}`);
      const { diskFormat = 'raw', content } = image;
      const sha512 = image.sha512 ?? createHash('sha512').update(content).digest('hex');
      return { sizeBytes: content.length, sha512, diskFormat, bytes: inHalves(image) };
    },
  };
}

async function* inHalves({ content, breaksOff }: DescribedImage): AsyncGenerator<Uint8Array> {
  const middle = Math.floor(content.length / 2);
  yield content.subarray(0, middle);
  if (breaksOff !== undefined) throw breaksOff;
  yield content.subarray(middle);
}

/** Fields of a qcow2 header; by default a plain disk of 1 MiB. */
export interface HeaderOptions {
  version?: number;
  virtualBytes?: number;
  backingOffset?: number;
  backingLength?: number;
  encryption?: number;
  features?: number;
}

/** The first bytes of a qcow2 file with this header, and nothing of its disk. */
export function qcow2Head(options: HeaderOptions = {}): Buffer {
  const { version = 3, virtualBytes = 1024 ** 2, encryption = 0, features = 0 } = options;
  const head = Buffer.alloc(512);
  head.write('QFI\xfb', 'latin1');
  head.writeUInt32BE(version, 4);
  head.writeBigUInt64BE(BigInt(options.backingOffset ?? 0), 8);
  head.writeUInt32BE(options.backingLength ?? 0, 16);
  head.writeUInt32BE(16, 20);
  head.writeBigUInt64BE(BigInt(virtualBytes), 24);
  head.writeUInt32BE(encryption, 32);
  if (version >= 3) head.writeBigUInt64BE(BigInt(features), 72);
  return head;
}
