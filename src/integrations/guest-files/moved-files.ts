/** The files of a guest as one host describes them and another one adopts them. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Adoption, DescribedFile, DescribedFiles } from '#contracts/host/movable-guest.ts';
import { accepted } from '#core/accepted.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { GuestPaths } from '#core/guests/description/guest-paths.ts';
import { checkDiskImage } from '#core/images/check-image.ts';
import { readQcow2Header } from '#core/images/qcow2-header.ts';
import { renameDurably } from '#runtime/atomic-file.ts';
import { asDiskFull } from './disk-space.ts';
import type { ImageCache } from './image-cache.ts';
import { baseNameOf } from './overlay.ts';
import { partEnding } from './part-ending.ts';
import { changeBase, createDisk, headOf } from './qemu-img.ts';
import { makeTraversable } from '#runtime/traversable-folder.ts';

/** The name by which the image below a disk is requested. */
export const baseFile = 'base';
const diskFile = 'disk';
/** What was adopted last. */
const markFile = 'adopted';

/** Path of each file that moves with its guest, by its name. */
function movedFiles({
  disk,
  configDrive,
  kernel,
  ramdisk,
  consoleLog,
}: GuestPaths): Record<string, string | undefined> {
  return { [diskFile]: disk, configDrive, kernel, ramdisk, consoleLog };
}

/** undefined: no file of this name moves. */
export function pathOfFile(paths: GuestPaths, name: string): string | undefined {
  const places = movedFiles(paths);
  return Object.hasOwn(places, name) ? places[name] : undefined;
}

export async function describeFiles(
  paths: GuestPaths,
  imageDirectory: string,
): Promise<DescribedFiles> {
  const files: DescribedFile[] = [];
  for (const [name, path = ''] of Object.entries(movedFiles(paths))) {
    const bytes = await sizeOf(path);
    if (bytes !== undefined) files.push({ name, bytes });
  }
  if (files.length === 0) {
    throw new ComputeError('notFound', `${paths.folder}: the guest has no files here`);
  }
  if (!files.some(({ name }) => name === diskFile)) return { files, disk: null };
  const header = readQcow2Header(await headOf(paths.disk));
  invariant(header, `${paths.disk}: not a qcow2 disk`);
  const { virtualBytes } = header;
  const name = await baseNameOf(paths.disk);
  if (name === null) return { files, disk: { virtualBytes, base: null } };
  const bytes = await sizeOf(join(imageDirectory, name));
  if (bytes === undefined) {
    throw new ComputeError('unavailable', `the image file ${name} below ${paths.disk} is gone`);
  }
  return { files, disk: { virtualBytes, base: { name, bytes } } };
}

export async function adoptFiles(
  paths: GuestPaths,
  { files, disk }: DescribedFiles,
  { host, mark, isLive, copy, images, name }: Adoption & { images: ImageCache; name: string },
): Promise<void> {
  checkOffered(paths, { files, disk });
  const { folder } = paths;
  const markPath = join(folder, markFile);
  if ((await readFile(markPath, 'utf8').catch(() => '')) === mark) return;
  // Left by a move that failed, or by a process that ended.
  await rm(folder, { recursive: true, force: true });
  await makeTraversable(folder);
  try {
    const copied = isLive ? files.filter((file) => file.name !== diskFile) : files;
    const bytes = copied.reduce((sum, file) => sum + file.bytes, 0);
    await images.makeRoom({ folder, bytes, what: `guest ${name}` });
    for (const file of copied) {
      const path = pathOfFile(paths, file.name) ?? '';
      await copy(file, `${path}${partEnding}`);
      await renameDurably(`${path}${partEnding}`, path);
    }
    if (disk !== null) await placeDisk(paths.disk, disk, { host, isLive, copy, images });
    await writeFile(`${markPath}${partEnding}`, mark);
    await renameDurably(`${markPath}${partEnding}`, markPath);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw asDiskFull(error, { folder, what: `guest ${name}` });
  }
}

/** Throws `invalid` for files that no host describes. */
function checkOffered(paths: GuestPaths, { files, disk }: DescribedFiles): void {
  const unknown = files.find(({ name }) => pathOfFile(paths, name) === undefined);
  if (unknown !== undefined) {
    throw new ComputeError('invalid', `the other host offers an unknown file ${unknown.name}`);
  }
  if (files.some(({ name }) => name === diskFile) === (disk !== null)) return;
  throw new ComputeError('invalid', 'the other host offers a disk without its size, or no disk');
}

/**
 * A disk is opened with every file that its header names, so a copied one must be as described.
 * Throws `invalid`.
 */
async function checkCopied(
  path: string,
  { virtualBytes, base }: NonNullable<DescribedFiles['disk']>,
): Promise<void> {
  const refused = (why: string) =>
    new ComputeError('invalid', `the disk that the other host sent is refused: ${why}`);
  const header = readQcow2Header(await headOf(path));
  if (header === undefined) throw refused('it is not a qcow2 disk');
  if (header.hasDataFile) throw refused('it keeps its data in another file');
  if (header.isEncrypted) throw refused('it is encrypted');
  if (header.virtualBytes !== virtualBytes) {
    throw refused(`it has ${header.virtualBytes} bytes, and was offered with ${virtualBytes}`);
  }
  if ((header.backingName === null) === (base === null)) return;
  const has = header.backingName === null ? 'it has no backing file' : 'it has a backing file';
  throw refused(`${has}, and was offered ${base === null ? 'without' : 'with'} one`);
}

/** The disk over this host's file of its image; empty for a guest that brings its content. */
async function placeDisk(
  path: string,
  { virtualBytes, base }: NonNullable<DescribedFiles['disk']>,
  { host, isLive, copy, images }: Omit<Adoption, 'mark'> & { images: ImageCache },
): Promise<void> {
  if (!isLive) await checkCopied(path, { virtualBytes, base });
  if (base === null) {
    if (isLive) await createDisk(path, virtualBytes, null);
    return;
  }
  await images.useCopied(
    { ...base, host },
    (part) => copy({ name: baseFile, bytes: base.bytes }, part),
    async (image) => {
      const { format } = accepted(checkDiskImage(image)).base;
      const over = { format, path: image.path };
      if (isLive) await createDisk(path, virtualBytes, over);
      else await changeBase(path, over);
    },
  );
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
