/** The files of this host's guests: one folder each, and the base images of their disks. */
import { constants, createReadStream } from 'node:fs';
import { access, copyFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type {
  Adoption,
  Copying,
  DescribedFiles,
  MovableFiles,
} from '#contracts/host/movable-guest.ts';
import type { Log } from '#contracts/log.ts';
import type { ImageSource } from '#contracts/services/images.ts';
import { accepted } from '#core/accepted.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import { tailLines } from '#core/guests/console-tail.ts';
import { type Guest, hasDisk } from '#core/guests/description/guest.ts';
import { type GuestPaths, guestPaths } from '#core/guests/description/guest-paths.ts';
import {
  checkDiskImage,
  checkKernelImage,
  diskBytesOf,
  type ImageFacts,
} from '#core/images/check-image.ts';
import { renameDurably } from '#runtime/atomic-file.ts';
import { describeFiles, offeredFile } from './offered-files.ts';
import { adoptConsole, adoptFiles, type Placing, prefetchFiles } from './moved-files.ts';
import { arrivalProblem, claimFolder, ownerOf, refuseOthers } from './folder-owner.ts';
import { makeConfigDriveIso } from './config-drive-iso.ts';
import { readConsoleLog } from './console-log.ts';
import { asDiskFull, type FreeBytes, freeBytesOf } from './disk-space.ts';
import { makeTraversable } from '#runtime/traversable-folder.ts';
import { ImageCache } from './image-cache.ts';
import { baseNameOf, basePathOf } from './overlay.ts';
import { copyStandalone, createDisk, growDisk } from './qemu-img.ts';
import { partEnding } from './part-ending.ts';

export interface HostGuestFilesOptions {
  /**
   * Folder of the guests' folders; created when missing. The hypervisor's user must be able to
   * enter it.
   */
  directory: string;
  /** Folder of downloaded images; created when missing. */
  imageDirectory: string;
  images: ImageSource;
  /** Of the guests' folders: this host, or the storage that it shares with others. */
  owner: string;
  log?: Log;
  freeBytes?: FreeBytes;
  /** Epoch milliseconds. */
  now?: () => number;
}

/** What the files of a guest are made from. */
type MadeFrom = Pick<Guest, 'imageId' | 'kernel' | 'diskGib'>;

/** Initial size of a disk over an image, with a config drive: it grows as the guest writes. */
const firstBytes = 2 * 1024 ** 2;

export class HostGuestFiles implements GuestFiles, MovableFiles {
  readonly #directory: string;
  readonly #owner: string;
  readonly #log: Log | undefined;
  readonly #images: ImageCache;
  readonly #source: ImageSource;

  constructor(options: HostGuestFilesOptions) {
    const { directory, imageDirectory, images, freeBytes = freeBytesOf, now = Date.now } = options;
    this.#directory = directory;
    this.#owner = options.owner;
    this.#log = options.log;
    this.#source = images;
    this.#images = new ImageCache({
      folder: imageDirectory,
      source: images,
      freeBytes,
      listUsed: () => this.#listBases(),
      now,
    });
  }

  async prepare(guest: Guest, { fresh }: { fresh: boolean }): Promise<void> {
    const paths = this.#pathsOf(guest.id);
    await makeTraversable(this.#directory);
    await refuseOthers(paths.folder, this.#owner);
    const isNew = await makeTraversable(paths.folder);
    const made: string[] = [];
    try {
      const what = `guest ${guest.name}`;
      await claimFolder(paths.folder, this.#owner);
      await this.#images.makeRoom({ folder: paths.folder, bytes: firstBytes, what });
      if (await this.#makeKernel(guest, paths, fresh)) made.push(paths.kernel);
      if (await this.#makeRamdisk(guest, paths, fresh)) made.push(paths.ramdisk);
      if (await this.#makeDisk(guest, paths, fresh)) made.push(paths.disk);
      if (await makeDrive(guest, paths)) made.push(paths.configDrive);
      // Only once nothing more can fail.
      for (const path of made) await renameDurably(`${path}${partEnding}`, path);
      await removeLeftovers(guest, paths);
    } catch (error) {
      await removeUnfinished(isNew, paths);
      throw asDiskFull(error, { folder: paths.folder, what: `guest ${guest.name}` });
    }
  }

  async prepareRescue({ id, name, rescue }: Guest): Promise<void> {
    invariant(rescue, `guest ${id}: not in rescue`);
    const paths = this.#pathsOf(id);
    const { rescueDisk: disk, rescueKernel: kernel, rescueRamdisk: ramdisk } = paths;
    const guest = { imageId: rescue.imageId, kernel: rescue.kernel, diskGib: 0 };
    const made: string[] = [];
    try {
      const what = `guest ${name}`;
      await this.#images.makeRoom({ folder: paths.folder, bytes: firstBytes, what });
      if (await this.#makeKernel(guest, { kernel }, true)) made.push(kernel);
      if (await this.#makeRamdisk(guest, { ramdisk }, true)) made.push(ramdisk);
      if (await this.#makeDisk(guest, { disk }, true)) made.push(disk);
      for (const path of made) await renameDurably(`${path}${partEnding}`, path);
    } catch (error) {
      for (const path of [kernel, ramdisk, disk]) await rm(`${path}${partEnding}`, { force: true });
      throw asDiskFull(error, { folder: paths.folder, what: `guest ${name}` });
    }
  }

  async cacheImage(imageId: string): Promise<void> {
    const judge = (facts: ImageFacts): void => void accepted(checkDiskImage(facts));
    await this.#images.use(imageId, judge, () => Promise.resolve());
  }

  async copyDisk(guestId: string, imageId: string): Promise<void> {
    const { folder, disk } = this.#pathsOf(guestId);
    const copy = copyPath(folder, imageId);
    const what = `the copy of the disk of guest ${guestId}`;
    const file = await stat(disk).catch(() => undefined);
    if (file === undefined) {
      throw new ComputeError('invalid', `guest ${guestId}: it has no disk to make an image from`);
    }
    try {
      await this.#images.makeRoom({ folder, bytes: file.blocks * 512, what });
      await copyStandalone(disk, copy);
    } catch (error) {
      await rm(copy, { force: true });
      throw asDiskFull(error, { folder, what });
    }
  }

  async uploadCopy(guestId: string, imageId: string): Promise<void> {
    const copy = copyPath(this.#pathsOf(guestId).folder, imageId);
    const { size: sizeBytes } = await stat(copy);
    await this.#source.upload(imageId, { sizeBytes, open: () => createReadStream(copy) });
    await rm(copy, { force: true });
  }

  async dropCopy(guestId: string, imageId: string): Promise<void> {
    await rm(copyPath(this.#pathsOf(guestId).folder, imageId), { force: true });
  }

  async remove(guestId: string): Promise<void> {
    const { folder } = this.#pathsOf(guestId);
    const owner = await ownerOf(folder);
    if (owner !== undefined && owner !== this.#owner) {
      this.#log?.warn({ guest: guestId, folder, owner }, 'files of another owner are not removed');
      return;
    }
    await rm(folder, { recursive: true, force: true });
  }

  async consoleOutput(guestId: string, lines: number | null): Promise<string> {
    const text = await readConsoleLog(this.#pathsOf(guestId));
    return tailLines(text.toString('utf8'), lines);
  }

  async missing(guest: Guest): Promise<string[]> {
    const { disk, kernel } = this.#pathsOf(guest.id);
    const base = hasDisk(guest) ? await basePathOf(disk) : null;
    const needed = [
      ...(hasDisk(guest) ? [disk] : []),
      ...(base === null ? [] : [base]),
      ...(guest.kernel === null ? [] : [kernel]),
    ];
    const found = await Promise.all(needed.map(exists));
    return needed.filter((_path, at) => found[at] !== true);
  }

  async describe(guestId: string): Promise<DescribedFiles> {
    const paths = this.#pathsOf(guestId);
    await refuseOthers(paths.folder, this.#owner);
    const described = await describeFiles(paths);
    await claimFolder(paths.folder, this.#owner);
    return { ...described, owner: this.#owner };
  }

  async lackOfRoom(
    { name }: Guest,
    { files, disk }: DescribedFiles,
    host: string,
  ): Promise<string | undefined> {
    const base = disk?.base ?? null;
    const isHere = base === null || (await this.#images.hasCopied({ name: base.name, host }));
    const all = isHere ? files : [...files, base];
    const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
    await makeTraversable(this.#directory);
    const room = { folder: this.#directory, bytes, what: `guest ${name}` };
    return (await this.#images.lackOfRoom(room))?.message;
  }

  async arrivalProblem(
    guestId: string,
    { owner: offered }: Pick<DescribedFiles, 'owner'>,
    { keepsFiles }: { keepsFiles: boolean },
  ): Promise<string | undefined> {
    const how = { owner: this.#owner, keepsFiles, ...(offered !== undefined && { offered }) };
    return arrivalProblem(this.#pathsOf(guestId).folder, how);
  }

  async pathOf(guestId: string, name: string): Promise<string | undefined> {
    return offeredFile(this.#pathsOf(guestId), name);
  }

  async prefetch(guest: Guest, described: DescribedFiles, how: Copying): Promise<void> {
    const paths = this.#pathsOf(guest.id);
    await makeTraversable(this.#directory);
    await prefetchFiles(paths, described, { ...how, ...this.#placing(guest) });
  }

  async adoptConsole(guestId: string, described: DescribedFiles, how: Copying): Promise<void> {
    await adoptConsole(this.#pathsOf(guestId), described, how);
  }

  async adopt(guest: Guest, described: DescribedFiles, how: Adoption): Promise<void> {
    const paths = this.#pathsOf(guest.id);
    await makeTraversable(this.#directory);
    await adoptFiles(paths, described, { ...how, ...this.#placing(guest) });
  }

  async list(): Promise<string[]> {
    await makeTraversable(this.#directory);
    const entries = await readdir(this.#directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  #placing({ name }: Guest): Pick<Placing, 'images' | 'name' | 'owner'> {
    return { images: this.#images, name, owner: this.#owner };
  }

  #pathsOf(guestId: string): GuestPaths {
    if (/^[\w-]+$/.test(guestId)) return guestPaths(this.#directory, guestId);
    throw new ComputeError('invalid', `guest ${guestId}: not a guest id`);
  }

  async #makeKernel(
    { kernel }: MadeFrom,
    { kernel: path }: Pick<GuestPaths, 'kernel'>,
    fresh: boolean,
  ) {
    return kernel !== null && this.#copyImage(kernel.imageId, 'kernel', { path, fresh });
  }

  async #makeRamdisk(
    { kernel }: MadeFrom,
    { ramdisk: path }: Pick<GuestPaths, 'ramdisk'>,
    fresh: boolean,
  ) {
    const imageId = kernel?.ramdiskImageId ?? null;
    return imageId !== null && this.#copyImage(imageId, 'ramdisk', { path, fresh });
  }

  /** Copied, not linked: the hypervisor changes the owner of a guest's files. */
  async #copyImage(
    imageId: string,
    as: 'kernel' | 'ramdisk',
    { path, fresh }: { path: string; fresh: boolean },
  ): Promise<boolean> {
    if (!fresh && (await exists(path))) return false;
    await this.#images.use(
      imageId,
      (facts) => accepted(checkKernelImage(facts, as)),
      async ({ path: from, sizeBytes }) => {
        const what = `image ${imageId}`;
        await this.#images.makeRoom({ folder: dirname(path), bytes: sizeBytes, what });
        await copyFile(from, `${path}${partEnding}`, constants.COPYFILE_FICLONE);
      },
    );
    return true;
  }

  async #makeDisk(
    guest: MadeFrom,
    { disk }: Pick<GuestPaths, 'disk'>,
    fresh: boolean,
  ): Promise<boolean> {
    if (!hasDisk(guest)) return false;
    if (!fresh && (await exists(disk))) {
      await growDisk(disk, guest.diskGib * 1024 ** 3);
      return false;
    }
    const part = `${disk}${partEnding}`;
    if (guest.imageId === null) {
      await createDisk(part, accepted(diskBytesOf(guest, null)).bytes, null);
      return true;
    }
    await this.#images.use(
      guest.imageId,
      (facts) => accepted(diskBytesOf(guest, accepted(checkDiskImage(facts)).base)),
      async (image) => {
        const { base } = accepted(checkDiskImage(image));
        const { bytes } = accepted(diskBytesOf(guest, base));
        await createDisk(part, bytes, { format: base.format, path: image.path });
      },
    );
    return true;
  }

  /** Names of the base images of all disks, including disks still being created. */
  async #listBases(): Promise<Set<string>> {
    const used = new Set<string>();
    for (const guestId of await this.list()) {
      const { disk, rescueDisk } = guestPaths(this.#directory, guestId);
      const disks = [disk, rescueDisk].flatMap((path) => [path, `${path}${partEnding}`]);
      for (const path of disks) {
        const base = await baseNameOf(path);
        if (base !== null) used.add(base);
      }
    }
    return used;
  }
}

function copyPath(folder: string, imageId: string): string {
  if (/^[\w-]+$/.test(imageId)) return join(folder, `copy-${imageId}`);
  throw new ComputeError('invalid', `image ${imageId}: not an image id`);
}

async function removeUnfinished(isNew: boolean, paths: GuestPaths): Promise<void> {
  if (isNew) return rm(paths.folder, { recursive: true, force: true });
  for (const path of [paths.kernel, paths.ramdisk, paths.disk, paths.configDrive]) {
    await rm(`${path}${partEnding}`, { force: true });
  }
}

async function makeDrive({ configDrive }: Guest, paths: GuestPaths): Promise<boolean> {
  if (configDrive === null) return false;
  await makeConfigDriveIso(`${paths.configDrive}${partEnding}`, configDrive);
  return true;
}

/** Removes files of an earlier definition of the guest that this one lacks. */
async function removeLeftovers(guest: Guest, paths: GuestPaths): Promise<void> {
  if (guest.configDrive === null) await rm(paths.configDrive, { force: true });
  if (!hasDisk(guest)) await rm(paths.disk, { force: true });
  if (guest.kernel === null) await rm(paths.kernel, { force: true });
  if (guest.kernel?.ramdiskImageId == null) await rm(paths.ramdisk, { force: true });
  // The guest starts again, with an empty console.
  await rm(paths.earlierConsole, { force: true });
  if (guest.rescue !== undefined) return;
  for (const path of [paths.rescueDisk, paths.rescueKernel, paths.rescueRamdisk]) {
    await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
