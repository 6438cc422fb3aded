/** SQL that differs between engines, in the form of each. The rest goes through Kysely. */
import {
  type ColumnDefinitionBuilder,
  type Kysely,
  type RawBuilder,
  type SqlBool,
  sql,
} from 'kysely';
import { engineOf, perEngine } from './per-engine.ts';

/**
 * Makes the column a number of the row, in the order of insertion. `db`: that of the table.
 * Example: `.addColumn('id', 'integer', rowNumber(db))`.
 */
export function rowNumber(
  db: Kysely<unknown>,
): (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder {
  return engineOf(db) === 'sqlite'
    ? (column) => column.primaryKey().autoIncrement()
    : (column) => column.generatedByDefaultAsIdentity().primaryKey();
}

/** Functions that the forms for PostgreSQL use: null where a text is no JSON document. */
export async function createJsonFunctions(db: Kysely<unknown>): Promise<void> {
  if (engineOf(db) === 'sqlite') return;
  await sql`
    create function novella_json(document text) returns jsonb
    language plpgsql immutable strict as $$
    begin return document::jsonb; exception when others then return null; end $$`.execute(db);
  await sql`
    create function novella_json_integer(document text, path text[]) returns bigint
    language plpgsql immutable strict as $$
    begin return (document::jsonb #>> path)::bigint; exception when others then return null; end
    $$`.execute(db);
}

/**
 * Adds a column computed as this number of a JSON document in another; null where there is no valid
 * document. No row has to be written on SQLite.
 */
export async function columnOfJson(
  db: Kysely<unknown>,
  table: string,
  { column, of, key }: { column: string; of: string; key: string },
): Promise<void> {
  const computed = perEngine({
    sqlite: sql`generated always as (${valueInJson(of, key)}) virtual`,
    postgresql: sql`generated always as (novella_json_integer(${sql.ref(of)}, ${pathIn(key)})) stored`,
  });
  const type = perEngine({ sqlite: sql`integer`, postgresql: sql`bigint` });
  await sql`alter table ${sql.table(table)} add column ${sql.ref(column)} ${type} ${computed}`.execute(
    db,
  );
}

/**
 * The text under this key of a JSON document in a column; null where there is no valid document or
 * no such key. Example: `textInJson('flavor', 'id')`.
 */
export function textInJson(of: string, key: string): RawBuilder<string> {
  return perEngine({
    sqlite: sql`cast(${valueInJson(of, key)} as text)`,
    postgresql: sql`(novella_json(${sql.ref(of)}) #>> ${pathIn(key)} collate "C")`,
  });
}

function valueInJson(of: string, key: string): RawBuilder<unknown> {
  return sql`case when json_valid(${sql.ref(of)}) then json_extract(${sql.ref(of)}, ${sql.lit(`$.${key}`)}) end`;
}

/** PostgreSQL's form of a path. Example: `network.name` → `'{network,name}'`. */
function pathIn(key: string): RawBuilder<unknown> {
  return sql`${sql.lit(`{${key.replaceAll('.', ',')}}`)}`;
}

/**
 * The values under these paths of a JSON document, as the text of a JSON list with null for those
 * that are missing; a text that is no document stays as it is. Example: `valuesInJson('vif',
 * ['macAddress', 'network.name'])` → `["fa:16:3e:00:00:01","red"]`.
 */
export function valuesInJson(of: string, paths: readonly string[]): RawBuilder<string | null> {
  const column = sql.ref(of);
  const places = sql.join(paths.map((path) => sql.lit(`$.${path}`)));
  const values = sql.join(paths.map((path) => sql`novella_json(${column}) #> ${pathIn(path)}`));
  return perEngine({
    sqlite: sql`case when json_valid(${column}) then json_extract(${column}, ${places}) else ${column} end`,
    postgresql: sql`case when novella_json(${column}) is null then ${column} else jsonb_build_array(${values})::text end`,
  });
}

/**
 * Whether a column has one of the texts of a JSON list, which is one parameter: the statement is
 * the same for any number of texts. Example: `isInList('uuid', '["a","b"]')`.
 */
export function isInList(column: string, list: string): RawBuilder<SqlBool> {
  return perEngine({
    sqlite: sql`${sql.ref(column)} in (select value from json_each(${list}))`,
    postgresql: sql`${sql.ref(column)} = any (array(select jsonb_array_elements_text(${list}::jsonb)))`,
  });
}

/**
 * The objects of a JSON list as a table of these texts, with `at` for the place in the list.
 * Example: ``selectFrom(textsInList<{ start: string }>(list, { start: 'start' }).as('range'))``.
 */
export function textsInList<Row>(
  list: string,
  columns: Record<string, string>,
): RawBuilder<Row & { at: number }> {
  const texts = sql.join(
    Object.entries(columns).map(
      ([column, key]) => sql`value ->> ${sql.lit(key)} as ${sql.id(column)}`,
    ),
  );
  return perEngine({
    sqlite: sql`(select key as at, ${texts} from json_each(${list}))`,
    postgresql: sql`(select ordinality as at, ${texts}
      from jsonb_array_elements(${list}::jsonb) with ordinality)`,
  });
}

/** The larger of two numbers. */
export function larger<T>(one: RawBuilder<T>, other: RawBuilder<T>): RawBuilder<T> {
  return perEngine({
    sqlite: sql`max(${one}, ${other})`,
    postgresql: sql`greatest(${one}, ${other})`,
  });
}

/**
 * The end of a `select`: what it has read is not deleted before its transaction ends, and may be
 * updated. Transactions that write on SQLite run one after the other.
 */
export const keptRow: RawBuilder<unknown> = perEngine({
  sqlite: sql``,
  postgresql: sql`for key share`,
});
