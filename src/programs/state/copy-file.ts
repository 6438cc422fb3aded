/** Copies of files, with the data to verify them. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Bytes, and their hash in hex. */
export interface CopiedFile {
  bytes: number;
  sha256: string;
}

/**
 * Copies a file to a new path, and returns when its bytes are on disk. Missing folders are created.
 */
export async function copyWhole(from: string, to: string): Promise<CopiedFile> {
  // Before anything is created: it may no longer exist.
  const source = await open(from);
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const { measure, result } = measuring();
  const target = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(source.createReadStream(), measure, target);
  return result();
}

/** Size and hash of a file. */
export async function measureFile(path: string): Promise<CopiedFile> {
  const { measure, result } = measuring();
  measure.resume();
  await pipeline(createReadStream(path), measure);
  return result();
}

function measuring(): { measure: Transform; result: () => CopiedFile } {
  const sha256 = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      sha256.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { measure, result: () => ({ bytes, sha256: sha256.digest('hex') }) };
}
