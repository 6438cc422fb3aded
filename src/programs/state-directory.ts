/** The directory where an all-in-one keeps everything, and the promise that only one process uses it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ComputeError } from '#core/errors.ts';

export interface StateDirectory {
  path: string;
  /** The path of a file or folder in it. */
  file(...names: string[]): string;
  release(): void;
}

/** Makes the directory when needed and takes it for this process. Throws `conflict` when a live process has it. */
export function takeStateDirectory(path: string): StateDirectory {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = join(path, 'lock');
  takeLock(lock, path);
  return {
    path,
    file: (...names) => join(path, ...names),
    release: () => rmSync(lock, { force: true }),
  };
}

function takeLock(lock: string, path: string): void {
  try {
    writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' });
    return;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
  const holder = Number.parseInt(readFileSync(lock, 'utf8'), 10);
  if (holder !== process.pid && isAlive(holder)) {
    throw new ComputeError(
      'conflict',
      `state directory ${path} is in use by process ${holder}; stop it or choose another with --state-dir`,
    );
  }
  writeFileSync(lock, `${process.pid}\n`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** The secret in this file, made on first use and readable by its owner only. */
export function ensureSecret(path: string, make: () => string): string {
  try {
    writeFileSync(path, `${make()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
}
