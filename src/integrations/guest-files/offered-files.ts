/** The files of a guest as its host describes and sends them to another one. */
import { stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DescribedFile, DescribedFiles } from '#contracts/host/movable-guest.ts';
import { ComputeError, invariant } from '#core/errors.ts';
import type { GuestPaths } from '#core/guests/description/guest-paths.ts';
import { readQcow2Header } from '#core/images/qcow2-header.ts';
import { renameDurably } from '#runtime/atomic-file.ts';
import { readConsoleLog } from './console-log.ts';
import { basePathOf } from './overlay.ts';
import { partEnding } from './part-ending.ts';
import { headOf } from './qemu-img.ts';

/** The name by which the image below a disk is requested. */
export const baseFile = 'base';
export const diskFile = 'disk';
/** The text of its console. */
export const consoleFile = 'console';

/** Files that change while the guest runs. */
const changing: ReadonlySet<string> = new Set([diskFile, consoleFile]);

/** Path of each file that moves with its guest, by its name. */
function offeredFiles({
  disk,
  configDrive,
  kernel,
  ramdisk,
  offeredConsole,
}: GuestPaths): Record<string, string> {
  return { [diskFile]: disk, configDrive, kernel, ramdisk, [consoleFile]: offeredConsole };
}

/** Where the file of this name is; undefined: there is none. */
export async function offeredFile(paths: GuestPaths, name: string): Promise<string | undefined> {
  if (name === baseFile) return (await basePathOf(paths.disk)) ?? undefined;
  const places = offeredFiles(paths);
  return Object.hasOwn(places, name) ? places[name] : undefined;
}

/** The console's text is that of now. Throws `notFound` for a guest without files. */
export async function describeFiles(paths: GuestPaths): Promise<DescribedFiles> {
  if (!(await exists(paths.folder))) {
    throw new ComputeError('notFound', `${paths.folder}: the guest has no files here`);
  }
  const part = `${paths.offeredConsole}${partEnding}`;
  await writeFile(part, await readConsoleLog(paths), { mode: 0o600 });
  await renameDurably(part, paths.offeredConsole);
  const files: DescribedFile[] = [];
  for (const [name, path] of Object.entries(offeredFiles(paths))) {
    const file = await describeFile(name, path);
    if (file !== undefined) files.push(file);
  }
  if (!files.some(({ name }) => name === diskFile)) return { files, disk: null };
  const header = readQcow2Header(await headOf(paths.disk));
  invariant(header, `${paths.disk}: not a qcow2 disk`);
  const { virtualBytes } = header;
  const path = await basePathOf(paths.disk);
  if (path === null) return { files, disk: { virtualBytes, base: null } };
  const name = basename(path);
  const base = await describeFile(name, path);
  if (base === undefined) {
    throw new ComputeError('unavailable', `the image file ${path} below ${paths.disk} is gone`);
  }
  return { files, disk: { virtualBytes, base: { name, bytes: base.bytes } } };
}

async function describeFile(name: string, path: string): Promise<DescribedFile | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const { size: bytes, ino, mtimeMs } = found;
  return { name, bytes, ...(!changing.has(name) && { version: `${ino}-${bytes}-${mtimeMs}` }) };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
