/** The files of a guest that another host has described, as they are adopted here. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maxConsoleBytes } from '#contracts/host/guest-files.ts';
import type {
  Adoption,
  Copying,
  DescribedFile,
  DescribedFiles,
} from '#contracts/host/movable-guest.ts';
import { accepted } from '#core/accepted.ts';
import { ComputeError } from '#core/errors.ts';
import type { GuestPaths } from '#core/guests/description/guest-paths.ts';
import { checkDiskImage } from '#core/images/check-image.ts';
import { readQcow2Header } from '#core/images/qcow2-header.ts';
import { renameDurably } from '#runtime/atomic-file.ts';
import { makeTraversable } from '#runtime/traversable-folder.ts';
import { asDiskFull } from './disk-space.ts';
import { arrivalProblem, claimFolder } from './folder-owner.ts';
import type { ImageCache } from './image-cache.ts';
import { baseFile, consoleFile, diskFile } from './offered-files.ts';
import { partEnding } from './part-ending.ts';
import { changeBase, createDisk, headOf } from './qemu-img.ts';

/** What was adopted last. */
const markFile = 'adopted';
/** What was fetched before the guest left its host: of which host, and the versions. */
const prefetchedFile = 'prefetched';

/** Where files of another host are placed, by their names. */
function placesOf(
  { disk, configDrive, kernel, ramdisk, consoleLog, earlierConsole }: GuestPaths,
  isLive: boolean,
): Record<string, string | undefined> {
  const text = isLive ? earlierConsole : consoleLog;
  return { [diskFile]: disk, configDrive, kernel, ramdisk, [consoleFile]: text };
}

/** How files are copied into a guest's folder. */
export interface Placing extends Copying {
  images: ImageCache;
  /** Of the guest. */
  name: string;
  /** Of the guest's folder here. */
  owner: string;
}

/**
 * The files with a version, and the image below the disk, while the guest runs on its host. Nothing
 * when they are here already.
 */
export async function prefetchFiles(
  paths: GuestPaths,
  described: DescribedFiles,
  { host, copy, announce, images, name, owner }: Placing,
): Promise<void> {
  checkOffered(paths, described);
  const { folder } = paths;
  const { files, disk } = described;
  const versioned = files.filter(({ version }) => version !== undefined);
  const keeps = await prefetched(paths, described, host);
  await inFolder(paths, { keeps, name, owner, described }, async (here) => {
    await images.makeRoom({ folder, bytes: bytesOf(without(files, here)), what: `guest ${name}` });
    await place(without(versioned, here), { places: placesOf(paths, false), copy, announce });
    const base = disk?.base ?? null;
    if (base !== null) {
      const copyBase = baseCopy(base, { copy, announce });
      await images.useCopied({ ...base, host }, copyBase, () => Promise.resolve());
    }
    const versions = Object.fromEntries(versioned.map((file) => [file.name, file.version]));
    await writeWhole(join(folder, prefetchedFile), JSON.stringify({ host, versions }));
  });
}

/** Names of the files that were fetched before as they are described now. */
async function prefetched(
  { folder }: GuestPaths,
  { files }: DescribedFiles,
  host: string,
): Promise<ReadonlySet<string>> {
  const text = await readFile(join(folder, prefetchedFile), 'utf8').catch(() => '{}');
  const kept = JSON.parse(text) as { host?: string; versions?: Record<string, string> };
  if (kept.host !== host) return new Set();
  const isKept = ({ name, version }: DescribedFile): boolean =>
    version !== undefined && kept.versions?.[name] === version;
  return new Set(files.filter(isKept).map(({ name }) => name));
}

export async function adoptFiles(
  paths: GuestPaths,
  described: DescribedFiles,
  { host, mark, isLive, copy, announce, images, name, owner }: Adoption & Placing,
): Promise<void> {
  checkOffered(paths, described);
  const { files, disk } = described;
  const { folder } = paths;
  const markPath = join(folder, markFile);
  if ((await readFile(markPath, 'utf8').catch(() => '')) === mark) return;
  const keeps = await prefetched(paths, described, host);
  await inFolder(paths, { keeps, name, owner, described }, async (here) => {
    const missing = without(files, here);
    const copied = isLive ? missing.filter((file) => file.name !== diskFile) : missing;
    await images.makeRoom({ folder, bytes: bytesOf(copied), what: `guest ${name}` });
    await place(copied, { places: placesOf(paths, isLive), copy, announce });
    if (disk !== null) await placeDisk(paths.disk, disk, { host, isLive, copy, announce, images });
    await rm(join(folder, prefetchedFile), { force: true });
    await writeWhole(markPath, mark);
  });
}

/** Replaces the text from before the guest came. Throws `invalid` when none is described. */
export async function adoptConsole(
  paths: GuestPaths,
  { files }: DescribedFiles,
  { copy, announce }: Copying,
): Promise<void> {
  const text = files.find(({ name }) => name === consoleFile);
  if (text === undefined) {
    throw new ComputeError('invalid', 'the other host offers no text of the console');
  }
  if (text.bytes > maxConsoleBytes) {
    throw new ComputeError('invalid', `the other host offers ${text.bytes} bytes of the console`);
  }
  await place([text], { places: placesOf(paths, true), copy, announce });
}

/**
 * Works in the guest's folder, which has these of its files and no others: those of a move that
 * failed, or of a process that ended, are removed. All are when the work fails. Throws
 * `unavailable`, and changes nothing, for a folder that is not this host's alone.
 */
async function inFolder(
  { folder }: GuestPaths,
  {
    keeps,
    name,
    owner,
    described: { owner: offered },
  }: {
    keeps: ReadonlySet<string>;
    described: DescribedFiles;
  } & Pick<Placing, 'name' | 'owner'>,
  work: (here: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  const how = { owner, keepsFiles: false, ...(offered !== undefined && { offered }) };
  const problem = await arrivalProblem(folder, how);
  if (problem !== undefined) throw new ComputeError('unavailable', problem);
  if (keeps.size === 0) await rm(folder, { recursive: true, force: true });
  await makeTraversable(folder);
  const what = `guest ${name}`;
  // Outside of what removes the folder: another host may have claimed it in between.
  await claimFolder(folder, owner).catch((error: unknown) => {
    throw asDiskFull(error, { folder, what });
  });
  try {
    await work(keeps);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw asDiskFull(error, { folder, what });
  }
}

async function place(
  files: readonly DescribedFile[],
  {
    places,
    copy,
    announce,
  }: { places: Record<string, string | undefined> } & Omit<Copying, 'host'>,
): Promise<void> {
  announce(bytesOf(files));
  for (const file of files) {
    const path = places[file.name] ?? '';
    await copy(file, `${path}${partEnding}`);
    await renameDurably(`${path}${partEnding}`, path);
  }
}

/** Copies the image below a disk, for a host that lacks it. */
function baseCopy(
  { bytes }: DescribedFile,
  { copy, announce }: Omit<Copying, 'host'>,
): (path: string) => Promise<void> {
  return (path) => {
    announce(bytes);
    return copy({ name: baseFile, bytes }, path);
  };
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}${partEnding}`, text);
  await renameDurably(`${path}${partEnding}`, path);
}

function without(
  files: readonly DescribedFile[],
  here: ReadonlySet<string>,
): readonly DescribedFile[] {
  return files.filter(({ name }) => !here.has(name));
}

function bytesOf(files: readonly DescribedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Throws `invalid` for files that no host describes. */
function checkOffered(paths: GuestPaths, { files, disk }: DescribedFiles): void {
  const places = placesOf(paths, false);
  const unknown = files.find(({ name }) => !Object.hasOwn(places, name));
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
  { host, isLive, copy, announce, images }: Omit<Adoption, 'mark'> & { images: ImageCache },
): Promise<void> {
  if (!isLive) await checkCopied(path, { virtualBytes, base });
  if (base === null) {
    if (isLive) await createDisk(path, virtualBytes, null);
    return;
  }
  await images.useCopied({ ...base, host }, baseCopy(base, { copy, announce }), async (image) => {
    const { format } = accepted(checkDiskImage(image)).base;
    const over = { format, path: image.path };
    if (isLive) await createDisk(path, virtualBytes, over);
    else await changeBase(path, over);
  });
}
