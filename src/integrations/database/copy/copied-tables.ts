/** What a copy of a database consists of, by the catalog of the PostgreSQL that receives it. */
import { type Kysely, sql } from 'kysely';
import { invariant } from '#core/errors.ts';

export interface CopiedTable {
  name: string;
  /** Without those that the database computes. */
  columns: string[];
  /** Of the primary key, in its order. */
  keys: string[];
  /** The column whose values the database counts; null: there is none. */
  counted: string | null;
}

/** Kysely's own, and the numbers of hosts' changes, which triggers write. */
const notCopied = ['kysely_migration', 'kysely_migration_lock', 'host_changes'];

/** Each table after those that its rows refer to. `to`: has the newest schema. */
export async function copiedTables<Tables>(to: Kysely<Tables>): Promise<CopiedTable[]> {
  const { rows: tables } = await sql<CopiedTable>`
    select t.relname::text as name,
      array(select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum > 0
        and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
      array(select a.attname::text from pg_index x, unnest(x.indkey) with ordinality as k(number, at)
        join pg_attribute a on a.attnum = k.number
        where x.indrelid = t.oid and x.indisprimary and a.attrelid = t.oid order by k.at) as keys,
      (select a.attname::text from pg_attribute a
        where a.attrelid = t.oid and a.attidentity <> '') as counted
    from pg_class t where t.relkind = 'r' and t.relnamespace = current_schema()::regnamespace
    order by t.relname`.execute(to);
  const { rows: references } = await sql<{ from: string; to: string }>`
    select t.relname::text as "from", o.relname::text as "to"
    from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class o on o.oid = c.confrelid
    where c.contype = 'f' and t.oid <> o.oid`.execute(to);
  return inOrder(
    tables.filter(({ name }) => !notCopied.includes(name)),
    references,
  );
}

function inOrder(
  tables: readonly CopiedTable[],
  references: readonly { from: string; to: string }[],
): CopiedTable[] {
  const ordered: CopiedTable[] = [];
  let left = [...tables];
  while (left.length > 0) {
    const names = new Set(left.map(({ name }) => name));
    const waits = (name: string) =>
      references.some((each) => each.from === name && names.has(each.to));
    const next = left.filter(({ name }) => !waits(name));
    invariant(next.length > 0, `tables refer to each other in a circle: ${[...names].join(', ')}`);
    ordered.push(...next);
    left = left.filter((table) => !next.includes(table));
  }
  return ordered;
}
