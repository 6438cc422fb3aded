/** Creates and inspects guests' disks with qemu-img. */
import { open } from 'node:fs/promises';
import type { BaseImage } from '#core/images/check-image.ts';
import { headBytes, readQcow2Header } from '#core/images/qcow2-header.ts';
import { runTool, ToolFailure } from './run-tool.ts';

const debianPackage = 'qemu-utils';

/**
 * A new qcow2 disk of this many bytes, over the base when there is one. Replaces a file at `path`.
 */
export async function createDisk(
  path: string,
  bytes: number,
  base: (Pick<BaseImage, 'format'> & { path: string }) | null,
): Promise<void> {
  // The base's format is given, never guessed: a guest can write any content to a raw disk.
  const over = base === null ? [] : ['-b', base.path, '-F', base.format];
  const args = ['create', '-q', '-f', 'qcow2', ...over, path, String(bytes)];
  await runTool({ program: 'qemu-img', args, debianPackage });
}

/**
 * Makes the disk this large, if it is smaller: its server has been resized. Its guest must be off.
 */
export async function growDisk(path: string, bytes: number): Promise<void> {
  const head = await headOf(path);
  if ((readQcow2Header(head)?.virtualBytes ?? bytes) >= bytes) return;
  const args = ['resize', '-q', '-f', 'qcow2', path, String(bytes)];
  await runTool({ program: 'qemu-img', args, debianPackage });
}

/** The first bytes of a disk. */
export async function headOf(path: string): Promise<Buffer> {
  const head = Buffer.alloc(headBytes);
  const file = await open(path);
  try {
    await file.read({ buffer: head, position: 0 });
    return head;
  } finally {
    await file.close();
  }
}

/** The same image at another path is the disk's base: a disk that comes from another host. */
export async function changeBase(
  path: string,
  base: Pick<BaseImage, 'format'> & { path: string },
): Promise<void> {
  const args = ['rebase', '-q', '-u', '-f', 'qcow2', '-b', base.path, '-F', base.format, path];
  await runTool({ program: 'qemu-img', args, debianPackage });
}

/**
 * Copies a guest's disk into one qcow2 file without a base. `-U`: QEMU may have the disk open; its
 * guest must be paused, which makes QEMU write all of its metadata.
 */
export async function copyStandalone(disk: string, copy: string): Promise<void> {
  const args = ['convert', '-U', '-f', 'qcow2', '-O', 'qcow2', disk, copy];
  await runTool({ program: 'qemu-img', args, debianPackage, timeoutMs: copyTimeoutMs });
}

/** A large disk on slow storage. */
const copyTimeoutMs = 6 * 60 * 60 * 1000;

interface QemuImgInfo {
  format: string;
  'backing-filename'?: string;
  'format-specific'?: { data?: { corrupt?: boolean; 'data-file'?: string } };
}

/**
 * Why qemu-img rejects this file as a complete, standalone qcow2 image; undefined if it accepts it.
 * Only for a file whose header has been checked: qemu-img opens the files a header names. Its time
 * and memory are limited, because the file is untrusted.
 */
export async function qcow2Problem(path: string): Promise<string | undefined> {
  try {
    const info = JSON.parse(await inspect('info', path)) as QemuImgInfo;
    const inside = info['format-specific']?.data;
    if (info.format !== 'qcow2') return `qemu-img reads it as ${info.format}`;
    if (info['backing-filename'] !== undefined) return 'it has a backing file';
    if (inside?.['data-file'] !== undefined) return 'it keeps its data in another file';
    if (inside?.corrupt === true) return 'it is marked corrupt';
    return await checkProblem(path);
  } catch (error) {
    if (!(error instanceof ToolFailure) || error.exitCode !== 1) throw error;
    return error.message.replaceAll(path, 'its file');
  }
}

/** Exit codes of `qemu-img check`. Leaked clusters are wasteful, not wrong. Source: qemu-img(1). */
const corruptions = 2;
const onlyLeaks = 3;

async function checkProblem(path: string): Promise<string | undefined> {
  try {
    await inspect('check', path);
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    if (error.exitCode === onlyLeaks) return undefined;
    if (error.exitCode === corruptions) return 'qemu-img check finds errors in it (is it cut off?)';
    throw error;
  }
}

const limits = ['--as=1073741824', '--cpu=60'];
/** prlimit's exit code for a missing program. */
const notFound = 127;

async function inspect(act: 'info' | 'check', path: string): Promise<string> {
  const args = [...limits, 'qemu-img', act, '--output=json', '-f', 'qcow2', path];
  try {
    return await runTool({ program: 'prlimit', args, debianPackage: 'util-linux' });
  } catch (cause) {
    if (!(cause instanceof ToolFailure) || cause.exitCode !== notFound) throw cause;
    const message = `qemu-img is not on this host: install the Debian package ${debianPackage}`;
    throw new ToolFailure(message, { isMissing: true, exitCode: notFound, cause });
  }
}
