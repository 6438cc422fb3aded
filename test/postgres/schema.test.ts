/** Both engines have the same tables, columns, keys and indexes. */
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrate } from '#integrations/database/migrate.ts';
import { migrations } from '#integrations/database/migrations/index.ts';
import { openPostgres } from '#integrations/database/postgres/postgres.ts';
import { freshDatabase } from '#test/postgres/database.ts';
import { migratedSqlite } from '#test/migrated-database.ts';

let postgres: Kysely<unknown>;
let sqlite: Kysely<unknown>;
let drop: () => Promise<void>;
beforeAll(async () => {
  const database = await freshDatabase(inject('postgres'), 'empty');
  drop = database.drop;
  postgres = await openPostgres(database.url);
  expect(await migrate(postgres)).toEqual(Object.keys(migrations).toSorted());
  sqlite = await migratedSqlite(':memory:');
});
afterAll(async () => {
  await postgres.destroy();
  await sqlite.destroy();
  await drop();
});

interface Column {
  table: string;
  column: string;
  kind: 'text' | 'number';
  isNull: boolean;
  isComputed: boolean;
}

interface Index {
  table: string;
  /** Undefined: the database itself chose it. */
  name: string | undefined;
  isUnique: boolean;
  /** '' for an expression. */
  columns: string[];
  /** The columns that its condition names; undefined: it has every row. */
  of: string[] | undefined;
}

const own = ['kysely_migration', 'kysely_migration_lock', 'sqlite_sequence'];
const inOrder = (items: readonly object[]) =>
  items
    .filter((item) => !('table' in item) || !own.includes(String(item.table)))
    .map((item) => JSON.stringify(item))
    .toSorted();

async function columnsOnSqlite(): Promise<Column[]> {
  const { rows } = await sql<Record<string, string | number>>`
    select m.name as "table", c.name as "column", lower(c.type) as type, c."notnull", c.pk, c.hidden
    from sqlite_master m, pragma_table_xinfo(m.name) c where m.type = 'table'`.execute(sqlite);
  return rows.map(({ table, column, type, notnull, pk, hidden }) => ({
    table: String(table),
    column: String(column),
    kind: String(type).startsWith('text') || String(type).startsWith('varchar') ? 'text' : 'number',
    isNull: notnull === 0 && pk === 0,
    isComputed: hidden !== 0,
  }));
}

async function columnsOnPostgres(): Promise<Column[]> {
  const { rows } = await sql<Record<string, string | null>>`
    select table_name as "table", column_name as "column", data_type as type, is_nullable,
      is_generated, collation_name as collation
    from information_schema.columns where table_schema = 'public'`.execute(postgres);
  const texts = rows.filter(({ table, type }) => type === 'text' && !own.includes(String(table)));
  expect(texts.filter(({ collation }) => collation !== 'C')).toEqual([]);
  expect(texts.length).toBeGreaterThan(100);
  return rows.map(({ table, column, type, is_nullable: isNullable, is_generated: computed }) => ({
    table: String(table),
    column: String(column),
    kind: type === 'text' || type === 'character varying' ? 'text' : 'number',
    isNull: isNullable === 'YES',
    isComputed: computed === 'ALWAYS',
  }));
}

test('the same columns, with the same kind, and a value required where it is on SQLite', async () => {
  expect(inOrder(await columnsOnPostgres())).toEqual(inOrder(await columnsOnSqlite()));
});

/** Words of a condition that may be columns; quoted values and types are none. */
function namesIn(condition: string | null | undefined, columns: ReadonlySet<string>) {
  const words = condition?.replaceAll(/'[^']*'/g, '').match(/[a-z_]+/g);
  if (words === undefined || words === null) return undefined;
  return [...new Set(words.filter((word) => columns.has(word)))].toSorted();
}

async function indexesOnSqlite(columns: ReadonlySet<string>): Promise<Index[]> {
  const { rows } = await sql<Record<string, string | number | null>>`
    select m.name as "table", i.name, i.origin, i."unique", x.name as "column", s.sql
    from sqlite_master m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) x
    left join sqlite_master s on s.name = i.name
    where m.type = 'table' and x.key = 1 order by m.name, i.name, x.seqno`.execute(sqlite);
  const parts = Map.groupBy(rows, ({ name }) => String(name));
  const named = [...parts.values()].map((of): Index => {
    const [first] = of;
    return {
      table: String(first!['table']),
      name: first!['origin'] === 'c' ? String(first!['name']) : undefined,
      isUnique: first!['unique'] === 1,
      columns: of.map(({ column }) => String(column ?? '')),
      of: namesIn(String(first!['sql'] ?? '').split(/\bwhere\b/i)[1], columns),
    };
  });
  const { rows: numbered } = await sql<{ table: string; column: string }>`
    select m.name as "table", c.name as "column" from sqlite_master m, pragma_table_info(m.name) c
    where m.type = 'table' and c.pk = 1 and lower(c.type) = 'integer'`.execute(sqlite);
  const keys = numbered.map(
    ({ table, column }): Index => ({
      table,
      name: undefined,
      isUnique: true,
      columns: [column],
      of: undefined,
    }),
  );
  return [...named, ...keys];
}

async function indexesOnPostgres(columns: ReadonlySet<string>): Promise<Index[]> {
  const { rows } = await sql<{
    table: string;
    name: string;
    isUnique: boolean;
    isConstraint: boolean;
    columns: string[];
    condition: string | null;
  }>`
    select t.relname::text as "table", i.relname::text as name, x.indisunique as "isUnique",
      exists (select 1 from pg_constraint c where c.conindid = x.indexrelid and c.contype in ('p', 'u'))
        as "isConstraint",
      array(select coalesce(a.attname::text, '') from unnest(x.indkey) with ordinality as k(number, at)
        left join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number and k.number > 0
        order by k.at) as columns,
      pg_get_expr(x.indpred, x.indrelid) as condition
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where t.relnamespace = 'public'::regnamespace`.execute(postgres);
  return rows.map((row) => ({
    table: row.table,
    name: row.isConstraint ? undefined : row.name,
    isUnique: row.isUnique,
    columns: row.columns,
    of: namesIn(row.condition?.replaceAll(/::[a-z]+/g, ''), columns),
  }));
}

test('the same indexes, unique where they are on SQLite, of the same rows', async () => {
  const columns = new Set((await columnsOnSqlite()).map(({ column }) => column));
  const there = inOrder(await indexesOnPostgres(columns));
  expect(there).toEqual(inOrder(await indexesOnSqlite(columns)));
  expect(there.filter((index) => index.includes('"of":'))).not.toEqual([]);
});

test('the same foreign keys', async () => {
  const { rows: here } = await sql`
    select m.name || ' ' || f."from" || ' ' || f."table" || ' ' || f."to" || ' ' || lower(f.on_delete) as key
    from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table'`.execute(sqlite);
  const { rows: there } = await sql`
    select t.relname || ' ' || a.attname || ' ' || o.relname || ' ' || b.attname || ' '
      || case c.confdeltype when 'c' then 'cascade' else 'no action' end as key
    from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class o on o.oid = c.confrelid
    join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
    join pg_attribute b on b.attrelid = o.oid and b.attnum = c.confkey[1]
    where c.contype = 'f'`.execute(postgres);
  expect(inOrder(there as object[])).toEqual(inOrder(here as object[]));
});
