/** The list of a backup's contents: written last, checked first. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ComputeError, errorText } from '#core/errors.ts';

export const manifestName = 'manifest.json';
export const databaseName = 'novella.sqlite';
/** The configuration backed up with it, where one was named. */
export const configName = 'novella.yaml';

/** Version of the format; a different one means a newer Novella. */
const formatVersion = 1;

const Manifest = Type.Object({
  format: Type.Literal(formatVersion),
  /** Version of the Novella that created it. */
  novella: Type.String(),
  /** ISO 8601, UTC. */
  created_at: Type.String(),
  /** The state directory that was backed up. */
  state_dir: Type.String(),
  /** Migrations of the database. */
  migrations: Type.Array(Type.String()),
  /** Number of servers, including deleted ones. */
  servers: Type.Integer(),
  images: Type.Integer(),
  /** Ids of images in the database whose files were missing. */
  lost_images: Type.Array(Type.String()),
  /** Relative to the folder, with `/`. Example: `images/5f…`. */
  files: Type.Array(
    Type.Object({
      path: Type.String({ pattern: String.raw`^[\w.-]+(/[\w.-]+)*$` }),
      bytes: Type.Integer({ minimum: 0 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  ),
});
const checker = Compile(Manifest);

export type Manifest = Static<typeof Manifest>;
export type ManifestFile = Manifest['files'][number];

/** The manifest's text. */
export function manifestText(manifest: Omit<Manifest, 'format'>): string {
  return `${JSON.stringify({ format: formatVersion, ...manifest }, null, 2)}\n`;
}

/**
 * Reads the manifest of the backup in this folder. Throws `invalid` where there is none, and for
 * one that this version cannot read.
 */
export function readManifest(folder: string): Manifest {
  const path = join(folder, manifestName);
  const manifest = parsed(path);
  const { format, novella } = manifest as { format?: unknown; novella?: unknown };
  if (typeof format === 'number' && format > formatVersion) {
    throw new ComputeError(
      'invalid',
      `${folder}: is a backup of a newer Novella (${String(novella)}); restore it with that version`,
    );
  }
  if (checker.Check(manifest) && manifest.files.every(({ path: name }) => isBelow(name))) {
    return manifest;
  }
  throw new ComputeError('invalid', `${path}: is not the manifest of a backup, or was changed`);
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) ?? {};
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'no such file; name a folder written by "novella backup"'
        : `cannot be read: ${errorText(cause)}`;
    throw new ComputeError('invalid', `${path}: ${why}`, { cause });
  }
}

function isBelow(path: string): boolean {
  return path.split('/').every((part) => part !== '.' && part !== '..');
}
