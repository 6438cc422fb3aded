/**
 * The host's images: each downloaded once, kept while a disk is based on it, and for some time
 * after.
 */
import { createHash } from 'node:crypto';
import { chmod, open, readdir, stat, unlink, utimes } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { ImageSource } from '#contracts/services/images.ts';
import { ComputeError } from '#core/errors.ts';
import type { ImageFacts } from '#core/images/check-image.ts';
import { headBytes } from '#core/images/qcow2-header.ts';
import { renameDurably } from '#runtime/atomic-file.ts';
import { KeyedQueue, SerialQueue } from '#runtime/serial-queue.ts';
import { type FreeBytes, insufficientSpace, type Room } from './disk-space.ts';
import { download } from './download.ts';
import { makeTraversable } from '#runtime/traversable-folder.ts';
import { partEnding } from './part-ending.ts';

export interface ImageCacheOptions {
  /** Created when missing. */
  folder: string;
  source: ImageSource;
  freeBytes: FreeBytes;
  /** Names of the files here that disks are based on. */
  listUsed: () => Promise<ReadonlySet<string>>;
  /** Epoch milliseconds. */
  now: () => number;
}

/** An image as a file of the host. */
export interface CachedImage extends ImageFacts {
  path: string;
}

const day = 24 * 60 * 60 * 1000;
/** How long images are kept unused: the next guest often has the same image. */
const keptUnusedMs = 7 * day;

export class ImageCache {
  readonly #options: ImageCacheOptions;
  /** Running downloads, by image. */
  readonly #running = new Map<string, Promise<string>>();
  /** Number of users of an image between finding it and creating the disk over it. */
  readonly #inUse = new Map<string, number>();
  readonly #evictions = new SerialQueue();
  /** By image: two copies would write the same file. */
  readonly #copies = new KeyedQueue();

  constructor(options: ImageCacheOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` with the image, which is kept for that long. `judge` throws when the image is
   * unsuitable. Throws as `download` does.
   */
  async use<T>(
    id: string,
    judge: (facts: ImageFacts) => void,
    work: (image: CachedImage) => Promise<T>,
  ): Promise<T> {
    if (!/^[\w-]+$/.test(id)) throw new ComputeError('invalid', `image ${id}: not an image id`);
    return this.#kept(id, async () => {
      const path = (await this.#find(id)) ?? (await this.#fetch(id, judge));
      const now = this.#options.now() / 1000;
      await utimes(path, now, now);
      const image = await readFacts(id, path);
      judge(image);
      return work(image);
    });
  }

  /** Nothing evicts the image while the work runs. */
  async #kept<T>(id: string, work: () => Promise<T>): Promise<T> {
    await this.#evictions.drained();
    this.#inUse.set(id, (this.#inUse.get(id) ?? 0) + 1);
    try {
      return await work();
    } finally {
      this.#inUse.set(id, (this.#inUse.get(id) ?? 1) - 1);
    }
  }

  /**
   * The same with an image that another host has as a file of this name and size: `copy` writes it
   * to a path, when it is not here already. Only guests of that host get the copy: another host is
   * no source of images for new guests.
   */
  async useCopied<T>(
    { name, bytes, host }: { name: string; bytes: number; host: string },
    copy: (path: string) => Promise<void>,
    work: (image: CachedImage) => Promise<T>,
  ): Promise<T> {
    const file = parse(name);
    if (file === undefined || file.isPart) {
      throw new ComputeError('invalid', `image file ${name}: not the name of an image`);
    }
    const original = file.id.replace(copyPrefix, '');
    return this.#kept(original, async () => {
      if ((await this.#find(original)) !== undefined) {
        return this.use(original, () => undefined, work);
      }
      const id = `${prefixOf(host)}${original}`;
      const path = join(this.#options.folder, `${id}${extname(name)}`);
      return this.#kept(id, async () => {
        await this.#copies.run(id, async () => {
          if ((await this.#find(id)) === undefined) await this.#copied({ path, bytes, id }, copy);
        });
        return this.use(id, () => undefined, work);
      });
    });
  }

  async #copied(
    { path, bytes, id }: { path: string; bytes: number; id: string },
    copy: (path: string) => Promise<void>,
  ): Promise<void> {
    const { folder } = this.#options;
    await this.makeRoom({ folder, bytes, what: `image ${id}` });
    await copy(`${path}${partEnding}`);
    await chmod(`${path}${partEnding}`, 0o644);
    await renameDurably(`${path}${partEnding}`, path);
  }

  async #find(id: string): Promise<string | undefined> {
    await makeTraversable(this.#options.folder);
    const name = (await readdir(this.#options.folder)).find(
      (each) => parse(each)?.id === id && parse(each)?.isPart === false,
    );
    return name === undefined ? undefined : join(this.#options.folder, name);
  }

  /** One download of an image at a time; later callers wait for it, and retry when it failed. */
  async #fetch(id: string, judge: (facts: ImageFacts) => void): Promise<string> {
    const running = this.#running.get(id);
    if (running !== undefined) {
      const path = await running.catch(() => undefined);
      return path ?? (await this.#find(id)) ?? this.#fetch(id, judge);
    }
    const { folder, source } = this.#options;
    const mine = download(source, {
      id,
      judge,
      pathFor: (diskFormat) => join(folder, `${id}.${knownFormat(id, diskFormat)}`),
      freeSpace: async (bytes) => {
        await this.#evict(keptUnusedMs);
        await this.makeRoom({ folder, bytes, what: `image ${id}` });
      },
    });
    this.#running.set(id, mine);
    try {
      return await mine;
    } finally {
      this.#running.delete(id);
    }
  }

  /** Evicts unused images as needed. Throws when there is still no room for this many bytes. */
  async makeRoom(room: Room): Promise<void> {
    const error = await this.lackOfRoom(room);
    if (error !== undefined) throw error;
  }

  /** What `makeRoom` throws; undefined: there is room. */
  async lackOfRoom(room: Room): Promise<ComputeError | undefined> {
    const { freeBytes } = this.#options;
    if ((await insufficientSpace(freeBytes, room)) === undefined) return undefined;
    await makeTraversable(this.#options.folder);
    await this.#evict(0);
    return insufficientSpace(freeBytes, room);
  }

  /** Would `useCopied` find it? */
  async hasCopied({ name, host }: { name: string; host: string }): Promise<boolean> {
    const original = (parse(name)?.id ?? name).replace(copyPrefix, '');
    for (const id of [original, `${prefixOf(host)}${original}`]) {
      if ((await this.#find(id)) !== undefined) return true;
    }
    return false;
  }

  /** Removes images unused for this long, and partial downloads of a dead process. */
  #evict(unusedMs: number): Promise<void> {
    return this.#evictions.run(async () => {
      const { folder, listUsed, now } = this.#options;
      const used = await listUsed();
      for (const name of await readdir(folder)) {
        const file = parse(name);
        // Later callers wait until the eviction is done.
        if (file === undefined || used.has(name) || (this.#inUse.get(file.id) ?? 0) > 0) continue;
        const path = join(folder, name);
        const isOld = now() - (await stat(path)).mtimeMs >= unusedMs;
        if (file.isPart || isOld) await unlink(path);
      }
    });
  }
}

/**
 * Example: `5f….qcow2` → `5f…`; `5f….qcow2.part` is still being written. undefined for a foreign
 * file, which is left alone.
 */
function parse(name: string): { id: string; isPart: boolean } | undefined {
  const [, id, format, part] = /^([\w-]+)\.(\w+)(\.part)?$/.exec(name) ?? [];
  if (id === undefined || `.${format}` === partEnding) return undefined;
  return { id, isPart: part !== undefined };
}

/** Of the id of an image that another host had. */
const copyPrefix = /^of-[0-9a-f]{16}-/;

/** A host's name may have characters that an id has not. */
function prefixOf(host: string): string {
  return `of-${createHash('sha256').update(host).digest('hex').slice(0, 16)}-`;
}

/** The format becomes part of a file name, so only simple names are allowed. */
function knownFormat(id: string, diskFormat: string): string {
  if (/^\w+$/.test(diskFormat)) return diskFormat;
  throw new ComputeError('invalid', `image ${id} has the unknown disk format '${diskFormat}'`);
}

async function readFacts(id: string, path: string): Promise<CachedImage> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(headBytes) });
    const diskFormat = path.slice(path.lastIndexOf('.') + 1);
    return { id, path, diskFormat, sizeBytes: size, head: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}
