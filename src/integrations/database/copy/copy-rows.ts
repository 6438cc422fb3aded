/** Copies all rows of a database of SQLite into an empty one of PostgreSQL, and compares them. */
import { isDeepStrictEqual } from 'node:util';
import { type Kysely, sql } from 'kysely';
import { ComputeError, errorText } from '#core/errors.ts';
import { type CopiedTable, copiedTables } from './copied-tables.ts';

type Row = Record<string, unknown>;

/** Rows of each table, in the order in which they were copied. */
export type CopiedRows = { table: string; rows: number }[];

const pageRows = 1_000;

/**
 * All or nothing: one transaction, in which each row is read back and compared. Both have the
 * newest schema, and `from` is not in use. Throws `conflict` where `to` has rows, `invalid` for a
 * text that PostgreSQL cannot store, and `unavailable` for a row that differs afterwards.
 */
export async function copyRows<Tables>(
  from: Kysely<Tables>,
  to: Kysely<Tables>,
): Promise<CopiedRows> {
  const tables = await copiedTables(to);
  return to.transaction().execute(async (trx) => {
    await refuseRows(trx, tables);
    for (const table of tables) {
      for await (const page of pagesOf(from, table)) await insert(trx, table, page);
      if (table.counted !== null) await continueCount(from, trx, table.name, table.counted);
    }
    const copied: CopiedRows = [];
    for (const table of tables) {
      copied.push({ table: table.name, rows: await compare(from, trx, table) });
    }
    return copied;
  });
}

async function refuseRows<Tables>(
  to: Kysely<Tables>,
  tables: readonly CopiedTable[],
): Promise<void> {
  for (const { name } of tables) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(to);
    if (rows.length === 0) continue;
    throw new ComputeError(
      'conflict',
      `the database is not empty: its table ${name} has rows; name an empty database, as createdb makes it`,
    );
  }
}

/** In the order of the primary key. */
async function* pagesOf<Tables>(
  db: Kysely<Tables>,
  { name, columns, keys }: CopiedTable,
): AsyncGenerator<Row[]> {
  const list = (names: readonly string[]) => sql.join(names.map((each) => sql.ref(each)));
  let after = sql``;
  for (;;) {
    const { rows } = await sql<Row>`
      select ${list(columns)} from ${sql.table(name)} ${after}
      order by ${list(keys)} limit ${sql.lit(pageRows)}`.execute(db);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = sql`where (${list(keys)}) > (${sql.join(keys.map((key) => last[key]))})`;
  }
}

async function insert<Tables>(
  to: Kysely<Tables>,
  { name, columns }: CopiedTable,
  rows: readonly Row[],
): Promise<void> {
  for (const row of rows) refuseUnstorable(name, row);
  const list = sql.join(columns.map((column) => sql.id(column)));
  try {
    await sql`
      insert into ${sql.table(name)} (${list})
      select ${list} from json_populate_recordset(null::${sql.table(name)}, ${JSON.stringify(rows)}::json)`.execute(
      to,
    );
  } catch (cause) {
    if (cause instanceof ComputeError) throw cause;
    const problem = `table ${name}: PostgreSQL refuses a row: ${errorText(cause)}`;
    throw new ComputeError('invalid', problem, { cause });
  }
}

function refuseUnstorable(table: string, row: Row): void {
  const bad = Object.keys(row).find((column) => String(row[column]).includes('\0'));
  if (bad === undefined) return;
  const [key, value] = Object.entries(row)[0] ?? [];
  throw new ComputeError(
    'invalid',
    `table ${table}, row with ${key} ${String(value)}: ${bad} has a NUL character, which PostgreSQL cannot store`,
  );
}

/** SQLite never gives a number twice, also when the row with the highest one was deleted. */
async function continueCount<Tables>(
  from: Kysely<Tables>,
  to: Kysely<Tables>,
  table: string,
  column: string,
): Promise<void> {
  const { rows } = await sql<{ last: number }>`
    select max(seq) as last from sqlite_sequence where name = ${table}`.execute(from);
  const last = rows[0]?.last ?? null;
  if (last === null || last === 0) return;
  await sql`select setval(pg_get_serial_sequence(${table}, ${column}), ${last})`.execute(to);
}

/** How many rows there are, each the same on both. */
async function compare<Tables>(
  from: Kysely<Tables>,
  to: Kysely<Tables>,
  table: CopiedTable,
): Promise<number> {
  const copies = pagesOf(to, table);
  let count = 0;
  for await (const page of pagesOf(from, table)) {
    const copy = (await copies.next()).value ?? [];
    const at = page.findIndex((row, place) => !isDeepStrictEqual({ ...row }, { ...copy[place] }));
    if (at >= 0) throw differs(table, page[at] ?? {});
    count += page.length;
  }
  const more = (await copies.next()).value;
  if (more !== undefined) throw differs(table, more[0] ?? {});
  return count;
}

function differs({ name, keys }: CopiedTable, row: Row): ComputeError {
  const key = keys.map((column) => `${column} ${String(row[column])}`).join(', ');
  return new ComputeError(
    'unavailable',
    `table ${name}: the row with ${key} is not the same after the copy; nothing was copied`,
  );
}
