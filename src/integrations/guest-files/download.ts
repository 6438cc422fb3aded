/** Downloads an image to the host: complete and verified under its name, or not at all. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ImageSource, ImageContent } from '#contracts/services/images.ts';
import { accepted } from '#core/accepted.ts';
import { ComputeError, errorText, isComputeError } from '#core/errors.ts';
import { type ImageFacts, invalidQcow2 } from '#core/images/check-image.ts';
import { headBytes } from '#core/images/qcow2-header.ts';
import { renameDurably } from '#runtime/atomic-file.ts';
import { asDiskFull } from './disk-space.ts';
import { qcow2Problem } from './qemu-img.ts';
import { partEnding } from './part-ending.ts';

interface Wanted {
  id: string;
  /** The path for an image of this format. */
  pathFor: (diskFormat: string) => string;
  /** Throws when the image is unsuitable; called as soon as its first bytes are there. */
  judge: (facts: ImageFacts) => void;
  /** Throws when there is no room for this many bytes. */
  freeSpace: (bytes: number) => Promise<void>;
}

/**
 * Returns its path. Throws `invalid` when there is no such image or it is unsuitable, else
 * `unavailable`.
 */
export async function download(source: ImageSource, wanted: Wanted): Promise<string> {
  const { id } = wanted;
  const open = await openImage(source, id);
  const path = wanted.pathFor(open.diskFormat);
  const part = `${path}${partEnding}`;
  try {
    await wanted.freeSpace(open.sizeBytes);
    const sum = createHash('sha512');
    const bytes = judged(measured(named(open, id), sum, open.sizeBytes), { ...open, id }, wanted);
    await pipeline(bytes, createWriteStream(part));
    // Disks are created over it, and QEMU's user reads it.
    await chmod(part, 0o644);
    await refuseBroken(part, { ...open, id }, sum.digest('hex'));
    await renameDurably(part, path);
    return path;
  } catch (error) {
    await rm(part, { force: true });
    throw asDiskFull(error, { folder: dirname(path), what: `image ${id}` });
  }
}

async function openImage(source: ImageSource, id: string): Promise<ImageContent> {
  try {
    return await source.open(id);
  } catch (cause) {
    if (!isComputeError(cause, 'notFound')) throw cause;
    throw new ComputeError('invalid', `image ${id} no longer exists`, { cause });
  }
}

/** The bytes as received; an error that interrupts them names the image. */
async function* named({ bytes }: ImageContent, id: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (cause) {
    if (isComputeError(cause)) throw cause;
    const why = errorText(cause);
    throw new ComputeError('unavailable', `image ${id}: its download was cut off: ${why}`, {
      cause,
    });
  }
}

/** Counts the bytes; more than announced could fill the disk. */
async function* measured(
  bytes: AsyncIterable<Uint8Array>,
  sum: { update(bytes: Uint8Array): unknown },
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of bytes) {
    read += chunk.length;
    if (read > sizeBytes) break;
    sum.update(chunk);
    yield chunk;
  }
}

/** Judges the first bytes before the rest is downloaded. */
async function* judged(
  bytes: AsyncIterable<Uint8Array>,
  image: Omit<ImageFacts, 'head'>,
  { judge }: Wanted,
): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  let isJudged = false;
  const facts = () => ({ ...image, head: head.subarray(0, headBytes) });
  for await (const chunk of bytes) {
    if (!isJudged) {
      head = Buffer.concat([head, chunk]);
      isJudged = head.length >= headBytes;
      if (isJudged) judge(facts());
    }
    yield chunk;
  }
  if (!isJudged) judge(facts());
}

async function refuseBroken(
  part: string,
  image: ImageContent & { id: string },
  sha512: string,
): Promise<void> {
  const { id } = image;
  if (sha512 !== image.sha512.toLowerCase()) {
    throw new ComputeError(
      'unavailable',
      `image ${id}: the downloaded data does not match the image service: its sha512 is ${sha512}, must be ${image.sha512}`,
    );
  }
  const problem = image.diskFormat === 'qcow2' ? await qcow2Problem(part) : undefined;
  if (problem !== undefined) accepted(invalidQcow2(id, problem));
}
