/** Reads a database of Novella from outside, with plain SQL. */
import { DatabaseSync } from 'node:sqlite';
import { Client, types } from 'pg';
import { isPostgresUrl } from '#integrations/database/store.ts';

export type Row = Record<string, unknown>;

export interface Reader {
  rows: (statement: string) => Promise<Row[]>;
  close: () => Promise<void>;
}

/** `database`: a file of SQLite, or a URL of PostgreSQL. */
export async function openReader(database: string): Promise<Reader> {
  if (!isPostgresUrl(database)) {
    const db = new DatabaseSync(database, { readOnly: true });
    return {
      rows: async (statement) => db.prepare(statement).all(),
      close: async () => db.close(),
    };
  }
  const client = new Client({ connectionString: database, types: { getTypeParser } });
  await client.connect();
  return {
    rows: async (statement) => (await client.query<Row>(statement)).rows,
    close: () => client.end(),
  };
}

const { builtins } = types;

/** Integers are numbers, as SQLite's are. */
const getTypeParser: typeof types.getTypeParser = (type, format) =>
  type === builtins.INT8 ? Number : (types.getTypeParser(type, format) as never);
