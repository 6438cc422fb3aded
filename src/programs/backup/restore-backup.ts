/** `novella restore`: turns a backup into a state directory again, completely or not at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ComputeError } from '#core/errors.ts';
import { damageOf, leaveCommandNumbers } from '#integrations/database/sqlite/copy-database.ts';
import { isOnline } from '#integrations/database/upgrade/online.ts';
import { newestMigration, unknownMigrations } from '#integrations/database/migrate.ts';
import { syncFolderSync } from '#runtime/atomic-file.ts';
import { restoringFolder } from '../state/half-restored.ts';
import { takeStateDirectory } from '../state/state-directory.ts';
import { copyWhole } from '../state/copy-file.ts';
import { configName, databaseName, type Manifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  /** The folder that `novella backup` created. */
  backup: string;
  stateDir: string;
  /** The state directory's contents are moved aside, and kept. */
  replace: boolean;
  now: Date;
}

export interface Restored {
  manifest: Manifest;
  stateDir: string;
  /** Where the previous contents are now; undefined: there were none. */
  kept: string | undefined;
}

/**
 * Throws `conflict` while a process uses the state directory, or where it is not empty and must not
 * be replaced; `invalid` for a backup that is incomplete, was changed, or is of a newer Novella.
 * Then nothing was changed.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const backup = resolve(options.backup);
  const stateDir = resolve(options.stateDir);
  const manifest = readManifest(backup);
  refuseNewer(backup, manifest);
  const state = takeStateDirectory(stateDir);
  try {
    const restoring = state.file(restoringFolder);
    if (!options.replace) refuseContent(stateDir);
    rmSync(restoring, { recursive: true, force: true });
    try {
      await bring(backup, manifest, restoring);
    } catch (error) {
      rmSync(restoring, { recursive: true, force: true });
      throw error;
    }
    const kept = moveAside(stateDir, `before-restore-${stamp(options.now)}`, manifest);
    moveIn(restoring, stateDir);
    return { manifest, stateDir, kept };
  } finally {
    state.release();
  }
}

function refuseNewer(backup: string, { novella, migrations }: Manifest): void {
  const unknown = unknownMigrations(migrations).filter((name) => !isOnline(name));
  if (unknown.length === 0) return;
  throw new ComputeError(
    'invalid',
    `${backup}: is a backup of a newer Novella (${novella}): it has ${unknown.join(', ')}, and the newest migration of this version is ${newestMigration()}; restore it with that version`,
  );
}

/** Files that belong to no cloud: the lock that we hold, and what earlier restores have kept. */
function isOurs(name: string): boolean {
  return (
    ['lock', 'lock-journal', 'pid', 'reserve', restoringFolder].includes(name) ||
    name.startsWith('before-restore-')
  );
}

function refuseContent(stateDir: string): void {
  if (existsSync(join(stateDir, restoringFolder))) {
    throw new ComputeError(
      'conflict',
      `state directory ${stateDir}: an earlier restore into it was cut off; --replace begins again, and keeps what is there`,
    );
  }
  if (readdirSync(stateDir).every(isOurs)) return;
  throw new ComputeError(
    'conflict',
    `state directory ${stateDir}: is not empty; name a new one, or let --replace move what is there aside`,
  );
}

/** Copies everything, flushed to disk, and verifies the copies: only they are used. */
async function bring(backup: string, { files }: Manifest, restoring: string): Promise<void> {
  mkdirSync(restoring, { mode: 0o700 });
  for (const { path, bytes, sha256 } of files) {
    if (path === configName) continue;
    const copied = await copyFrom(join(backup, path), join(restoring, path));
    if (copied.bytes === bytes && copied.sha256 === sha256) continue;
    throw new ComputeError(
      'invalid',
      `${join(backup, path)}: is not what was backed up: ${copied.bytes} bytes with SHA-256 ${copied.sha256.slice(0, 12)}…, not ${bytes} with ${sha256.slice(0, 12)}…; use another backup`,
    );
  }
  const database = join(restoring, databaseName);
  const [damage] = existsSync(database) ? damageOf(database) : ['it is not in the manifest'];
  if (damage !== undefined) {
    throw new ComputeError('invalid', `${join(backup, databaseName)}: is damaged: ${damage}`);
  }
  leaveCommandNumbers(database);
}

async function copyFrom(from: string, to: string) {
  try {
    return await copyWhole(from, to);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new ComputeError('invalid', `${from}: is not there; use another backup`, { cause });
  }
}

/**
 * Moves the previous contents into a folder of this name, and returns its path. Hosts' data stays
 * where their guests expect it, except that of the simulated ones restored from the backup.
 */
function moveAside(stateDir: string, name: string, { files }: Manifest): string | undefined {
  const hosts = new Set(
    files
      .map(({ path }) => path.split('/'))
      .flatMap(([top, host]) => (top === 'hosts' ? [host] : [])),
  );
  const moved = [
    ...readdirSync(stateDir).filter((each) => !isOurs(each) && each !== 'hosts'),
    ...[...hosts].map((host) => `hosts/${host}`).filter((path) => existsSync(join(stateDir, path))),
  ];
  if (moved.length === 0) return undefined;
  const kept = join(stateDir, name);
  for (const path of moved) {
    mkdirSync(dirname(join(kept, path)), { recursive: true, mode: 0o700 });
    renameSync(join(stateDir, path), join(kept, path));
  }
  syncFolderSync(kept);
  return kept;
}

/** Until the folder is gone, no controller starts here. */
function moveIn(restoring: string, stateDir: string): void {
  const hosts = join(restoring, 'hosts');
  if (existsSync(hosts)) {
    mkdirSync(join(stateDir, 'hosts'), { recursive: true, mode: 0o700 });
    for (const host of readdirSync(hosts)) {
      renameSync(join(hosts, host), join(stateDir, 'hosts', host));
    }
    rmSync(hosts, { recursive: true });
  }
  for (const name of readdirSync(restoring)) {
    renameSync(join(restoring, name), join(stateDir, name));
  }
  syncFolderSync(stateDir);
  rmSync(restoring, { recursive: true });
  syncFolderSync(stateDir);
}

/** Example: `20261129T100000Z`. */
function stamp(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
