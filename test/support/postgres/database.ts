/** Databases on the server of a test run. */
import { Client } from 'pg';
import { openStore } from '#integrations/database/store.ts';

/** The database that has the newest schema, and nothing else. */
const template = 'novella_template';

/** Creates the template. `url`: of a database of this name on the server. */
export async function createTemplate(url: (database: string) => string): Promise<void> {
  await createDatabase(url('postgres'), template);
  const { store } = await openStore(url(template));
  await store.close();
}

let made = 0;

/** A database of one test. */
export interface TestDatabase {
  url: string;
  drop: () => Promise<void>;
}

/** Creates a copy of the template, or an empty database. `server`: the URL of any database on it. */
export async function freshDatabase(server: string, of?: 'empty'): Promise<TestDatabase> {
  made += 1;
  const name = `test_${process.pid}_${made}`;
  await createDatabase(server, name, of === 'empty' ? undefined : template);
  return {
    url: server.replace('/postgres?', `/${name}?`),
    drop: async () => {
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

/** `server`: the URL of any database on it. */
export async function createDatabase(server: string, name: string, from?: string): Promise<void> {
  const copied = from === undefined ? '' : ` template ${from}`;
  await onServer(server, `create database ${name}${copied}`);
}

/** Runs a statement on a connection of its own; returns its rows. */
export async function onServer(
  server: string,
  statement: string,
): Promise<Record<string, unknown>[]> {
  const client = new Client(server);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
