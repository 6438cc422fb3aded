/** Statements that are built once and run often: building one costs more than running it. */
import type { Compilable, CompiledQuery, QueryResult } from 'kysely';

interface Executor {
  executeQuery<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>>;
}

/**
 * A statement that is built at its first use. It is run on a database or a transaction with values
 * for its placeholders in their order, and returns its rows. Example:
 * `builtOnce(() => rows.where('id', '=', ''))` → `await one(db, ['5f'])`.
 */
export function builtOnce<Row>(
  build: () => Compilable<Row>,
): (db: Executor, values: readonly unknown[]) => Promise<Row[]> {
  let query: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    query ??= build().compile();
    const { rows } = await db.executeQuery<Row>({ ...query, parameters: values });
    return rows;
  };
}
