/**
 * The bytes of images: one file per image in one folder. A file has its name only when it is
 * complete and on disk.
 */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { renameDurably } from '#runtime/atomic-file.ts';

/** Sizes in bytes, hashes in hex. */
export interface WrittenFile {
  sizeBytes: number;
  md5: string;
  sha512: string;
}

/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Of one disk, in bytes. `freeBytes`: for what is not privileged. */
export interface DiskSpace {
  freeBytes: number;
  diskBytes: number;
}

export interface ImageFiles {
  /**
   * Writes the bytes as they come; `admit` is called with the bytes so far before each part is
   * written. What breaks off, or is not admitted, leaves no file.
   */
  write(
    id: string,
    bytes: AsyncIterable<Uint8Array>,
    admit: (totalBytes: number) => Promise<void>,
  ): Promise<WrittenFile>;
  /**
   * Of the entire file unless a range is given; undefined when there is none. A file that is
   * removed later is still read to its end.
   */
  read(id: string, range?: ByteRange): Promise<Readable | undefined>;
  /** No error when there is none. */
  remove(id: string): Promise<void>;
  /** Removes what broken uploads of a dead process left. */
  removeParts(): Promise<void>;
  /** Of the disk that they are on. */
  space: () => Promise<DiskSpace>;
}

const partEnding = '.part';

export function createImageFiles(folder: string): ImageFiles {
  const pathOf = (id: string) => join(folder, id);
  return {
    async write(id, bytes, admit) {
      const part = `${pathOf(id)}${partEnding}`;
      const hashes = { md5: createHash('md5'), sha512: createHash('sha512') };
      const measure = measured(bytes, hashes, admit);
      try {
        await mkdir(folder, { recursive: true });
        await pipeline(measure.parts(), createWriteStream(part));
        await renameDurably(part, pathOf(id));
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
      return {
        sizeBytes: measure.sizeBytes(),
        md5: hashes.md5.digest('hex'),
        sha512: hashes.sha512.digest('hex'),
      };
    },
    async read(id, range) {
      try {
        const file = await open(pathOf(id));
        return file.createReadStream(range);
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    remove: (id) => rm(pathOf(id), { force: true }),
    async removeParts() {
      await mkdir(folder, { recursive: true });
      const parts = (await readdir(folder)).filter((name) => name.endsWith(partEnding));
      await Promise.all(parts.map((name) => rm(join(folder, name), { force: true })));
    },
    async space() {
      await mkdir(folder, { recursive: true });
      const { bavail, blocks, bsize } = await statfs(folder);
      return { freeBytes: bavail * bsize, diskBytes: blocks * bsize };
    },
  };
}

/** The same parts, counted and hashed on their way. */
function measured(
  bytes: AsyncIterable<Uint8Array>,
  hashes: Record<string, Hash>,
  admit: (totalBytes: number) => Promise<void>,
) {
  let sizeBytes = 0;
  return {
    sizeBytes: () => sizeBytes,
    async *parts() {
      for await (const part of bytes) {
        sizeBytes += part.length;
        await admit(sizeBytes);
        for (const hash of Object.values(hashes)) hash.update(part);
        yield part;
      }
    },
  };
}
