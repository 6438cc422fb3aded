/**
 * State directories as early versions left them: dumps by `sqlite3 .dump`, named by the commit that
 * wrote them, with the files of their simulated hosts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../fixtures/states/', import.meta.url));

/** Names of all. Example: `7dbc06c`. */
export const earlyStates = readdirSync(folder);

/** Creates the database of this state in a new file. */
export function makeEarlyDatabase(state: string, file: string): void {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec(readFileSync(`${folder}${state}/novella.sql`, 'utf8'));
  database.close();
}

/** The files of its simulated hosts. */
export function earlyHosts(state: string): string {
  return `${folder}${state}/hosts`;
}

/** Ids of the images in a database: each had the built-in one, nothing but zeros. */
export function earlyImages(file: string): string[] {
  const database = new DatabaseSync(file);
  const ids = database.prepare('select id from images').all();
  database.close();
  return ids.map(({ id }) => String(id));
}
