/** Between a kept object and its row: booleans are 0 or 1, lists and records are JSON text. Names are Kysely's CamelCasePlugin's work. */

/** The row of a T whose `Flag` fields are booleans and whose `Document` fields are JSON. */
export type RowOf<T, Flag extends keyof T = never, Document extends keyof T = never> = Omit<
  T,
  Flag | Document
> &
  Record<Flag, number> &
  Record<Document, string>;

export interface RowShape<T, Row> {
  toRow: (value: T) => Row;
  /** Only the fields that are there. */
  toPartialRow: (change: Partial<T>) => Partial<Row>;
  fromRow: (row: Row) => T;
}

/** Example: `rowShape<StoredPort>()(['adminStateUp'], ['profile'])`. */
export function rowShape<T extends object>() {
  return <Flag extends keyof T, Document extends keyof T>(
    flags: readonly Flag[],
    documents: readonly Document[],
  ): RowShape<T, RowOf<T, Flag, Document>> => {
    type Row = RowOf<T, Flag, Document>;
    const toPartialRow = (change: Partial<T>): Partial<Row> => {
      const row: Record<PropertyKey, unknown> = { ...change };
      for (const name of flags) if (name in change) row[name] = change[name] === true ? 1 : 0;
      for (const name of documents) if (name in change) row[name] = JSON.stringify(change[name]);
      return row as Partial<Row>;
    };
    return {
      toPartialRow,
      toRow: (value) => toPartialRow(value) as Row,
      fromRow: (row) => {
        const value: Record<PropertyKey, unknown> = { ...row };
        for (const name of flags) value[name] = value[name] === 1;
        for (const name of documents) value[name] = JSON.parse(String(value[name]));
        return value as T;
      },
    };
  };
}
