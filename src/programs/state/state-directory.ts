/**
 * The directory where an all-in-one keeps everything, and the lock that lets only one process use
 * it.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ComputeError, errorText } from '#core/errors.ts';
import { whyUnusable } from '#integrations/database/sqlite/unusable-file.ts';
import { writeFileDurablySync } from '#runtime/atomic-file.ts';

export interface StateDirectory {
  path: string;
  /** The path of a file or folder in it. */
  file(...names: string[]): string;
  release(): void;
}

/**
 * Creates the directory when needed and locks it for this process. Throws `conflict` when another
 * process has it, and `invalid` when it cannot be used, naming path and cause. `entered`: other
 * users may traverse it to files they can name and may read: a hypervisor's guests are below it.
 */
export function takeStateDirectory(
  path: string,
  { entered }: { entered?: boolean } = {},
): StateDirectory {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (entered === true) chmodSync(path, 0o711);
    const unusable = whyUnusable(join(path, 'lock'));
    if (unusable !== undefined) {
      throw new ComputeError('invalid', `state directory ${path} cannot be used: ${unusable}`);
    }
    const lock = takeLock(path);
    writeFileSync(join(path, 'pid'), `${process.pid}\n`);
    return { path, file: (...names) => join(path, ...names), release: () => lock.close() };
  } catch (cause) {
    if (cause instanceof ComputeError) throw cause;
    const problem = isNoDirectory(cause) ? 'a file is in its place or above it' : errorText(cause);
    throw new ComputeError('invalid', `state directory ${path} cannot be used: ${problem}`, {
      cause,
    });
  }
}

function isNoDirectory(cause: unknown): boolean {
  const { code } = cause as { code?: unknown };
  return code === 'EEXIST' || code === 'ENOTDIR';
}

/**
 * An exclusive transaction on a separate database: the kernel ends it with the process, however
 * that ends, so no stale lock can be left.
 */
function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'lock'));
  try {
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    if (!errorText(cause).includes('locked')) throw cause;
    throw new ComputeError(
      'conflict',
      `state directory ${path} is in use by process ${holderOf(path)}; stop it, or choose another one with --state-dir, or state_dir in the configuration`,
      { cause },
    );
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(join(path, 'pid'), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/**
 * The secret in this file, created on first use and readable by its owner only. Throws `invalid`
 * for an empty file.
 */
export function ensureSecret(path: string, make: () => string): { secret: string; isNew: boolean } {
  const isNew = !existsSync(path);
  if (isNew) writeFileDurablySync(path, `${make()}\n`);
  const secret = readFileSync(path, 'utf8').trim();
  if (secret !== '') return { secret, isNew };
  throw new ComputeError(
    'invalid',
    `${path}: is empty; write a password, or remove the file and one is made`,
  );
}
