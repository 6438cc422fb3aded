/** Where the database of a state directory is: in it, or on a PostgreSQL server. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import { withoutPassword } from '#integrations/database/postgres/without-password.ts';
import type { StateDirectory } from './state-directory.ts';

/** Names the server, where the database is on one. */
export const elsewhereName = 'postgresql';

type Files = Pick<StateDirectory, 'path' | 'file'>;

/**
 * Throws `conflict` where the directory belongs to a cloud whose database is in the other place: a
 * start would create a second cloud, and orphan the guests of the first. `url`: undefined for
 * SQLite.
 */
export function refuseOtherPlace({ path, file }: Files, url: string | undefined): void {
  const elsewhere = file(elsewhereName);
  if (url === undefined && existsSync(elsewhere)) {
    const place = readFileSync(elsewhere, 'utf8').trim();
    throw new ComputeError(
      'conflict',
      `state directory ${path}: its cloud has its database on ${place}; name it with --database, or database in the configuration, or remove ${elsewhere} for a new cloud`,
    );
  }
  if (url !== undefined && !existsSync(elsewhere) && existsSync(file('novella.sqlite'))) {
    throw new ComputeError(
      'conflict',
      `state directory ${path}: its cloud has its database in ${file('novella.sqlite')}; leave out --database, copy it to the server (novella db copy --to URL), or name another directory`,
    );
  }
}

/** Notes for later starts that the database is on this server. */
export function notePlace({ file }: Files, url: string): void {
  writeFileSync(file(elsewhereName), `${withoutPassword(url)}\n`, { mode: 0o600 });
}
