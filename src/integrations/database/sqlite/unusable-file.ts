/** Why a database file cannot be used, as far as the file system shows. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

const { R_OK, W_OK, X_OK } = constants;

/**
 * A message naming the file or folder; undefined: the file system is not the cause. SQLite creates
 * two files beside a database, so these and the folder are checked too. Example:
 * `/s/novella.sqlite-wal belongs to user 0, and this process is user 998`.
 */
export function whyUnusable(path: string): string | undefined {
  const folder = dirname(path);
  const inFolder = refused(folder, R_OK | W_OK | X_OK);
  if (inFolder !== undefined) return inFolder;
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) return `${path} is not a file`;
  const existing = [path, `${path}-wal`, `${path}-shm`, `${path}-journal`].filter(
    (each) => statSync(each, { throwIfNoEntry: false }) !== undefined,
  );
  return existing.map((each) => refused(each, R_OK | W_OK)).find((reason) => reason !== undefined);
}

function refused(path: string, access: number): string | undefined {
  try {
    accessSync(path, access);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return `${path} does not exist`;
    if (code === 'EROFS') return `${path} is on a file system that is read-only`;
    if (code !== 'EACCES' && code !== 'EPERM') return message;
    return whoseIs(path);
  }
}

function whoseIs(path: string): string {
  const uid = process.getuid?.();
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  if (owner === undefined) return `${path} may not be reached by user ${uid}`;
  if (owner !== uid) return `${path} belongs to user ${owner}, and this process is user ${uid}`;
  return `${path} is read-only; its owner may change that with chmod`;
}
