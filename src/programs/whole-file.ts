/** Files that are whole and on disk, or not there: also after a crash and a power cut. For the owner's eyes only. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes the text under this name, in place of what had it; readable by its owner only. A reader finds the old text or the new one. */
export function writeWhole(path: string, text: string): void {
  const part = `${path}.new`;
  try {
    // What a dead process left may be another's to read.
    rmSync(part, { force: true });
    writeFileSync(part, text, { mode: 0o600, flush: true });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Bytes, and their hash in hex. */
export interface CopiedFile {
  bytes: number;
  sha256: string;
}

/** Copies a file to a name that is free, and returns when its bytes are on disk. Folders on the way are made. */
export async function copyWhole(from: string, to: string): Promise<CopiedFile> {
  // Before anything is made: it may be gone.
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

/** What was made, renamed and removed in the folder is on disk. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
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
