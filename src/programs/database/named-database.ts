/** The database that a command of `novella db` works on. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { ComputeError } from '#core/errors.ts';
import { withoutPassword } from '#integrations/database/postgres/without-password.ts';
import { isPostgresUrl } from '#integrations/database/store.ts';
import { readConfig } from '../config/config.ts';
import { elsewhereName } from '../state/database-place.ts';

export interface DatabaseOptions {
  config?: string;
  stateDir?: string;
  database?: string;
}

/** `url` undefined: it is in the file `novella.sqlite` of the state directory. */
export interface NamedDatabase {
  stateDir: string;
  url: string | undefined;
}

/**
 * By options, configuration, and what the state directory has noted. Throws `invalid` for a state
 * directory without a cloud, and for a URL of another kind.
 */
export function namedDatabase(options: DatabaseOptions, surroundings: Surroundings): NamedDatabase {
  const config = readConfig(options.config, surroundings);
  const stateDir = options.stateDir === undefined ? config.stateDir : resolve(options.stateDir);
  const given = options.database ?? config.database ?? notedIn(stateDir);
  if (given !== undefined) return { stateDir, url: postgresUrl('--database', given) };
  if (existsSync(join(stateDir, 'novella.sqlite'))) return { stateDir, url: undefined };
  throw new ComputeError(
    'invalid',
    `state directory ${stateDir}: it has no database; name the one of "novella up" with --state-dir or --config, or a database with --database`,
  );
}

/** Throws `invalid`, naming the option. */
export function postgresUrl(option: string, text: string): string {
  if (isPostgresUrl(text)) return text;
  throw new ComputeError(
    'invalid',
    `${option}: ${withoutPassword(text)} is no URL of PostgreSQL, such as postgresql:///novella?host=/run/postgresql`,
  );
}

function notedIn(stateDir: string): string | undefined {
  const noted = join(stateDir, elsewhereName);
  return existsSync(noted) ? readFileSync(noted, 'utf8').trim() : undefined;
}
