/** The bytes of images: one file per image in one folder. A file has its name only when it is whole and on disk. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Sizes in bytes, hashes in hex. */
export interface WrittenFile {
  sizeBytes: number;
  md5: string;
  sha512: string;
}

export interface ImageFiles {
  /** Takes the bytes as they come; what breaks off leaves no file. */
  write(id: string, bytes: AsyncIterable<Uint8Array>): Promise<WrittenFile>;
  read(id: string): AsyncIterable<Uint8Array>;
  /** No error when there is none. */
  remove(id: string): Promise<void>;
  /** Removes what broken uploads of a dead process left. */
  removeParts(): Promise<void>;
}

const partEnding = '.part';

export function createImageFiles(folder: string): ImageFiles {
  const pathOf = (id: string) => join(folder, id);
  return {
    async write(id, bytes) {
      await mkdir(folder, { recursive: true });
      const part = `${pathOf(id)}${partEnding}`;
      const md5 = createHash('md5');
      const sha512 = createHash('sha512');
      let sizeBytes = 0;
      const measure = new Transform({
        transform(chunk: Uint8Array, _encoding, done) {
          md5.update(chunk);
          sha512.update(chunk);
          sizeBytes += chunk.length;
          done(null, chunk);
        },
      });
      try {
        await pipeline(bytes, measure, createWriteStream(part, { flush: true }));
        await rename(part, pathOf(id));
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
      return { sizeBytes, md5: md5.digest('hex'), sha512: sha512.digest('hex') };
    },
    read: (id) => createReadStream(pathOf(id)),
    remove: (id) => rm(pathOf(id), { force: true }),
    async removeParts() {
      await mkdir(folder, { recursive: true });
      const parts = (await readdir(folder)).filter((name) => name.endsWith(partEnding));
      await Promise.all(parts.map((name) => rm(join(folder, name), { force: true })));
    },
  };
}
