/** `novella backup`: a consistent copy of a state directory, also while its controller runs. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { compareText } from '#core/compare-text.ts';
import { ComputeError } from '#core/errors.ts';
import {
  type CopiedDatabase,
  copyDatabase,
  damageOf,
} from '#integrations/database/sqlite/copy-database.ts';
import { KeptGuests, keptFolders, keptName } from '#integrations/simulated/kept-guests.ts';
import { syncFolderSync, writeFileDurablySync } from '#runtime/atomic-file.ts';
import { elsewhereName } from '../state/database-place.ts';
import { restoringFolder } from '../state/half-restored.ts';
import { version } from '../version.ts';
import { copyWhole, measureFile } from '../state/copy-file.ts';
import {
  configName,
  databaseName,
  type Manifest,
  type ManifestFile,
  manifestName,
  manifestText,
} from './manifest.ts';

export interface BackupOptions {
  stateDir: string;
  /** The folder to create; it must not exist yet. */
  target: string;
  /** The configuration to back up with it. */
  configFile?: string;
  now: Date;
}

/** Secrets that a start requires with embedded services. */
const secretFiles = ['admin-password', 'demo-password'];

/**
 * Writes the backup under another name, flushes it to disk and renames it: the folder is complete
 * or absent. Returns its contents. Throws `conflict` for an existing target, `invalid` for a folder
 * that is not a state directory, and `unavailable` for a damaged database.
 */
export async function makeBackup(options: BackupOptions): Promise<Omit<Manifest, 'format'>> {
  const stateDir = resolve(options.stateDir);
  const target = resolve(options.target);
  refuse(stateDir, target);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const part = mkdtempSync(`${target}.part-`);
  try {
    const manifest = await fill(part, { ...options, stateDir });
    for (const folder of foldersOf(part)) syncFolderSync(folder);
    refuseTaken(target);
    renameSync(part, target);
    syncFolderSync(dirname(target));
    return manifest;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

function refuse(stateDir: string, target: string): void {
  if (existsSync(join(stateDir, elsewhereName))) {
    throw new ComputeError(
      'invalid',
      `state directory ${stateDir}: its database is on a PostgreSQL server; back that up with the server's own tools, such as pg_basebackup, and copy the folder`,
    );
  }
  if (!existsSync(join(stateDir, databaseName))) {
    throw new ComputeError(
      'invalid',
      `state directory ${stateDir}: has no ${databaseName}; name the one of "novella up" with --state-dir`,
    );
  }
  if (existsSync(join(stateDir, restoringFolder))) {
    throw new ComputeError(
      'conflict',
      `state directory ${stateDir}: a restore into it was cut off`,
    );
  }
  if (`${target}${sep}`.startsWith(`${stateDir}${sep}`)) {
    throw new ComputeError(
      'invalid',
      `${target}: is in the state directory, and would be lost together with it`,
    );
  }
  refuseTaken(target);
}

function refuseTaken(target: string): void {
  if (!existsSync(target)) return;
  throw new ComputeError('conflict', `${target}: exists already; name a new folder`);
}

async function fill(
  part: string,
  { stateDir, configFile, now }: BackupOptions,
): Promise<Omit<Manifest, 'format'>> {
  const { contents, images } = await copyStore(stateDir, part);
  const database = { path: databaseName, ...(await measureFile(join(part, databaseName))) };
  const guests = await keepSimulatedGuests(stateDir, part, new Set(contents.servers));
  const files = [database, ...images.values(), ...guests];
  const keep = async (from: string, path: string): Promise<void> => {
    const kept = await keepFile(from, part, path);
    if (kept !== undefined) files.push(kept);
  };
  for (const name of secretFiles) await keep(join(stateDir, name), name);
  if (configFile !== undefined) await keep(configFile, configName);
  const manifest = {
    novella: version,
    created_at: now.toISOString(),
    state_dir: stateDir,
    migrations: contents.migrations,
    servers: contents.servers.length,
    images: images.size,
    lost_images: contents.images.filter((id) => !images.has(id)),
    files: files.toSorted((a, b) => compareText(a.path, b.path)),
  };
  writeFileDurablySync(join(part, manifestName), manifestText(manifest));
  return manifest;
}

/**
 * The database, and the files of exactly the images in it. Images may be added and deleted during
 * the copy: the existing ones are kept first, those added before the database copy after it; for
 * one both added and deleted in between another copy is made.
 */
async function copyStore(
  stateDir: string,
  part: string,
): Promise<{ contents: CopiedDatabase; images: Map<string, ManifestFile> }> {
  const images = new Map<string, ManifestFile>();
  const keepImages = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids.filter((each) => !images.has(each))) {
      const kept = await keepFile(join(stateDir, 'images', id), part, `images/${id}`);
      if (kept !== undefined) images.set(id, kept);
    }
  };
  await keepImages(names(join(stateDir, 'images')).filter((name) => !name.endsWith('.part')));
  for (let copies = 1; ; copies += 1) {
    const contents = await copySoundDatabase(stateDir, join(part, databaseName));
    await keepImages(contents.images);
    const isWhole = contents.images.every((id) => images.has(id));
    // Files still missing were lost before: the rest is all the more worth keeping.
    if (!isWhole && copies < mostCopies) continue;
    for (const id of images.keys()) {
      if (contents.images.includes(id)) continue;
      images.delete(id);
      rmSync(join(part, 'images', id));
    }
    return { contents, images };
  }
}

const mostCopies = 3;

async function copySoundDatabase(stateDir: string, copy: string): Promise<CopiedDatabase> {
  const database = join(stateDir, databaseName);
  rmSync(copy, { force: true });
  const contents = await copyDatabase(database, copy);
  const [damage] = damageOf(copy);
  if (damage === undefined) return contents;
  throw new ComputeError(
    'unavailable',
    `database ${database} is damaged, and no backup of it was made: ${damage}; restore an older one: novella restore`,
  );
}

/** Undefined for a file that does not exist (any more). */
async function keepFile(
  from: string,
  part: string,
  path: string,
): Promise<ManifestFile | undefined> {
  try {
    return { path, ...(await copyWhole(from, join(part, path))) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * What the simulated hosts keep of the guests in the database. A real host's guests belong to the
 * host, and are not copied.
 */
async function keepSimulatedGuests(
  stateDir: string,
  part: string,
  servers: ReadonlySet<string>,
): Promise<ManifestFile[]> {
  const kept: ManifestFile[] = [];
  for (const host of names(join(stateDir, 'hosts'))) {
    if (!existsSync(join(stateDir, 'hosts', host, 'files'))) continue;
    for (const folder of keptFolders.map((kind) => `hosts/${host}/${kind}`)) {
      const guests = new KeptGuests({ folder: join(stateDir, folder), isWhole: () => true });
      const text = guests.textOf(servers);
      if (text === '') continue;
      const path = `${folder}/${keptName}`;
      mkdirSync(join(part, folder), { recursive: true, mode: 0o700 });
      writeFileDurablySync(join(part, path), text);
      kept.push({ path, ...(await measureFile(join(part, path))) });
    }
  }
  return kept;
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** The folder and everything below it, deepest first. */
function foldersOf(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => foldersOf(join(folder, entry.name)));
  return [...below, folder];
}
