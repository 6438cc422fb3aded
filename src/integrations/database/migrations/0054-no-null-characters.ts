/**
 * Texts lose the character U+0000, also as an escape in JSON: PostgreSQL cannot store it, and one
 * such row would refuse the copy of a database to it.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { engineOf } from '../engine/per-engine.ts';

export const noNullCharacters: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    if (engineOf(db) === 'postgresql') return;
    const { rows } = await sql<{ table: string; column: string }>`
      select m.name as "table", c.name as "column"
      from sqlite_master m, pragma_table_info(m.name) c
      where m.type = 'table' and m.name not like 'sqlite%'`.execute(db);
    for (const each of rows) await cleanColumn(db, each);
  },
};

interface Column {
  table: string;
  column: string;
}

async function cleanColumn(db: Kysely<unknown>, { table, column }: Column): Promise<void> {
  const [from, text] = [sql.table(table), sql.ref(column)];
  const { rows } = await sql<{ row: number; text: string }>`
    select rowid as row, ${text} as text from ${from}
    where typeof(${text}) = 'text' and (instr(cast(${text} as blob), x'00') > 0
      or (instr(${text}, ${nullEscape}) > 0 and json_valid(${text})))`.execute(db);
  for (const { row, text: before } of rows) {
    const change = (after: string) =>
      sql`update ${from} set ${text} = ${after} where rowid = ${row}`.execute(db);
    await firstUnique(before, change);
  }
}

/** Where the shorter text is taken, as in a unique column, a mark stands for each U+0000. */
async function firstUnique(
  text: string,
  change: (after: string) => Promise<unknown>,
): Promise<void> {
  for (let mark = ''; ; mark += '\uFFFD') {
    try {
      return void (await change(withoutNull(text, mark)));
    } catch (error) {
      if (!String(error).includes('UNIQUE')) throw error;
    }
  }
}

const nullEscape = String.raw`\u0000`;

/** A backslash before the escape may be one that is escaped itself. */
function withoutNull(text: string, mark: string): string {
  const bare = text.replaceAll('\0', mark);
  if (!isJson(bare)) return bare;
  return bare.replaceAll(/\\(?:u0000|.)/gs, (escape) => (escape === nullEscape ? mark : escape));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
