/** SQL of which each database engine has its own form. */
import {
  type Kysely,
  type OperationNode,
  PostgresAdapter,
  type RawBuilder,
  type RawNode,
  sql,
} from 'kysely';

export type Engine = 'sqlite' | 'postgresql';

/** Which engine a database, or a transaction on it, is of. */
export function engineOf<Tables>(db: Kysely<Tables>): Engine {
  return db.getExecutor().adapter instanceof PostgresAdapter ? 'postgresql' : 'sqlite';
}

const both = '/* sqlite | postgresql */';

/**
 * An expression with a form for each engine; the compiler of a database takes its own. Example:
 * ``perEngine({ sqlite: sql`max(a, b)`, postgresql: sql`greatest(a, b)` })``.
 */
export function perEngine<T>({ sqlite, postgresql }: Record<Engine, RawBuilder<T>>): RawBuilder<T> {
  // One node that holds both: plugins rewrite the names in it as in any other.
  return sql<T>`/* sqlite | postgresql */${sqlite}${postgresql}`;
}

/** The form of this engine, of a node that `perEngine` made; undefined for other nodes. */
export function formFor(engine: Engine, node: RawNode): OperationNode | undefined {
  if (node.sqlFragments[0] !== both) return undefined;
  return node.parameters[engine === 'sqlite' ? 0 : 1];
}
