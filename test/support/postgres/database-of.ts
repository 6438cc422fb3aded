/** Clouds of tests on PostgreSQL, where a run has a server for them. */
import { freshDatabase } from './database.ts';

/** The URL of any database on the server; unset: clouds use SQLite. */
const variable = 'NOVELLA_TEST_POSTGRES';

const known = new Map<string, Promise<string>>();

/** Clouds that start after this call have their databases on this server. */
export function useServer(url: string): void {
  process.env[variable] = url;
}

/**
 * The URL of the database of a state directory's cloud, the same for each start on it. Undefined:
 * it is in the directory.
 */
export async function databaseOf(stateDir: string): Promise<string | undefined> {
  const server = process.env[variable];
  if (server === undefined) return undefined;
  const url = known.get(stateDir) ?? freshDatabase(server).then((made) => made.url);
  known.set(stateDir, url);
  return url;
}
