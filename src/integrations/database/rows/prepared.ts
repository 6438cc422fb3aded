/**
 * Statements that are built once and run often: Kysely takes longer to build a statement than
 * SQLite takes to run it.
 */
import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';
import { invariant } from '#core/errors.ts';

/** Stands in a built statement for a value that each run supplies. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

type Values = Readonly<Record<string, unknown>>;

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
  return (db, values) => statements.of(db, '').run(db, values, () => build(db, placeholders()));
}

/**
 * A statement that writes some columns of one row, built at its first run for each set of columns.
 * Example:
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
    const names = Object.keys(columns).filter(
      (name) => columns[name as keyof Columns] !== undefined,
    );
    const twice = names.find((name) => name in values);
    invariant(twice === undefined, `the value ${twice} has the name of a column that is written`);
    return statements.of(db, names.join()).run(db, { ...values, ...columns }, () => {
      const places = names.map((name) => [name, new Placeholder(name)]);
      return build(db, Object.fromEntries(places) as Columns, placeholders());
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
    if (ofShape === undefined || ofShape.size >= mostShapes) {
      ofShape = new Map();
      this.#ofDatabase.set(adapter, ofShape);
    }
    let statement = ofShape.get(shape);
    if (statement === undefined) {
      statement = new Statement();
      ofShape.set(shape, statement);
    }
    return statement;
  }
}

class Statement<Tables, Row> {
  #query: CompiledQuery<Row> | undefined;

  // oxlint-disable-next-line max-params -- where, with what, and how it is built
  run(db: Kysely<Tables>, values: object, build: () => Compilable<Row>): Promise<QueryResult<Row>> {
    this.#query ??= build().compile();
    const parameters = this.#query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? (values as Values)[parameter.name] : parameter,
    );
    return db.executeQuery({ ...this.#query, parameters });
  }
}

/** Any field is its placeholder. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for whatever the caller has
function placeholders(): any {
  return new Proxy({}, { get: (_, name) => new Placeholder(String(name)) });
}
