/**
 * Statements that are built once and run often: Kysely takes longer to build a statement than
 * SQLite takes to run it.
 */
import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';
import { invariant } from '#core/errors.ts';

/** Stands in a built statement for a value that each run supplies. */
class Placeholder {
  readonly of: 'columns' | 'values';
  readonly name: string;

  constructor(of: 'columns' | 'values', name: string) {
    this.of = of;
    this.name = name;
  }
}

/** Runs the statement on a database or a transaction, with a value for each placeholder. */
export type Prepared<Tables, Given extends object, Row> = (
  db: Kysely<Tables>,
  values: Given,
) => Promise<QueryResult<Row>>;

/**
 * A statement with named values. It is built at its first run on each database. Example:
 *
 * ```ts
 * const portOf = prepared((db: Db, given: { id: string }) =>
 *   db.selectFrom('ports').selectAll().where('id', '=', given.id));
 * const { rows } = await portOf(db, { id: '5f' });
 * ```
 *
 * `build` may pass a value on, but compute nothing from it: that would be computed once. A value
 * that may be null is compared with `is`, not `=`.
 */
export function prepared<Tables, Given extends object, Row>(
  build: (db: Kysely<Tables>, given: Given) => Compilable<Row>,
): Prepared<Tables, Given, Row> {
  const statements = new Statements<Tables, Row>();
  return (db, values) =>
    statements.of(db, '').run(db, { values }, () => build(db, placeholders('values')));
}

/**
 * A statement that writes some columns of one row, built at its first run for each set of columns.
 * A column that is undefined is not written. Example:
 *
 * ```ts
 * const change = preparedChange((db: Db, columns: Updateable<PortRow>, given: { id: string }) =>
 *   db.updateTable('ports').set(columns).where('id', '=', given.id));
 * await change(db, { name: 'a' }, { id: '5f' });
 * ```
 */
export function preparedChange<Tables, Columns extends object, Given extends object, Row>(
  build: (db: Kysely<Tables>, columns: Columns, given: Given) => Compilable<Row>,
): (db: Kysely<Tables>, columns: Columns, values: Given) => Promise<QueryResult<Row>> {
  const statements = new Statements<Tables, Row>();
  // oxlint-disable-next-line max-params -- where, what and of which
  return (db, columns, values) => {
    let shape = '';
    for (const [name, value] of Object.entries(columns)) {
      if (value !== undefined) shape += `${name} `;
    }
    return statements.of(db, shape).run(db, { columns, values }, () => {
      const names = shape.trimEnd().split(' ');
      const places = names.map((name) => [name, new Placeholder('columns', name)]);
      return build(db, Object.fromEntries(places) as Columns, placeholders('values'));
    });
  };
}

/** A change has few sets of columns; more than these are dropped and built again. */
const mostShapes = 100;

/** One statement per database, because each may have a dialect, and per set of columns. */
class Statements<Tables, Row> {
  readonly #ofDatabase = new WeakMap<object, Map<string, Statement<Tables, Row>>>();

  of(db: Kysely<Tables>, shape: string): Statement<Tables, Row> {
    // A transaction shares the adapter of its database.
    const { adapter } = db.getExecutor();
    let ofShape = this.#ofDatabase.get(adapter);
    if (ofShape === undefined) {
      ofShape = new Map();
      this.#ofDatabase.set(adapter, ofShape);
    }
    let statement = ofShape.get(shape);
    if (statement === undefined) {
      if (ofShape.size >= mostShapes) ofShape.clear();
      statement = new Statement();
      ofShape.set(shape, statement);
    }
    return statement;
  }
}

/** What one run supplies. */
interface Supplied {
  columns?: object;
  values: object;
}

class Statement<Tables, Row> {
  #query: CompiledQuery<Row> | undefined;

  // oxlint-disable-next-line max-params -- where, with what, and how it is built
  run(
    db: Kysely<Tables>,
    supplied: Supplied,
    build: () => Compilable<Row>,
  ): Promise<QueryResult<Row>> {
    this.#query ??= build().compile();
    const parameters = this.#query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? valueOf(parameter, supplied) : parameter,
    );
    return db.executeQuery({ ...this.#query, parameters });
  }
}

/** An object would be taken for the values of named parameters. */
function valueOf({ of, name }: Placeholder, supplied: Supplied): unknown {
  const value: unknown = (supplied[of] as Record<string, unknown>)[name];
  const isObject = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  invariant(!isObject, `${name}: an object is no value of a prepared statement`);
  return value;
}

/** Any field is its placeholder. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for whatever the caller has
function placeholders(of: Placeholder['of']): any {
  return new Proxy({}, { get: (_, name) => new Placeholder(of, String(name)) });
}
