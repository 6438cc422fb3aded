/**
 * Converts between a stored object and its row: booleans are 0 or 1, lists and records are JSON
 * text. Kysely's CamelCasePlugin converts names.
 */
import { errorText } from '#core/errors.ts';

/** The row of a T whose `Flag` fields are booleans and whose `Document` fields are JSON. */
export type RowOf<T, Flag extends keyof T = never, Document extends keyof T = never> = Omit<
  T,
  Flag | Document | 'damage'
> &
  Record<Flag, number> &
  Record<Document, string>;

export interface RowShape<T, Row> {
  toRow: (value: T) => Row;
  /** Only the fields that are present. */
  toPartialRow: (change: Partial<T>) => Partial<Row>;
  /** Throws where a part of the row cannot be read. */
  fromRow: (row: Row) => T;
  /** Never throws: an unreadable part counts as empty, and `damage` describes why. */
  fromAnyRow: (row: Row) => T & { damage?: string };
}

/**
 * Each document field has its replacement for an unreadable value. Example:
 * `rowShape<StoredPort>()(['adminStateUp'], { profile: '{}' })`.
 */
export function rowShape<T extends object>() {
  return <Flag extends keyof T = never, Document extends keyof T = never>(
    flags: readonly Flag[],
    documents: Readonly<Record<Document, '{}' | '[]'>>,
  ): RowShape<T, RowOf<T, Flag, Document>> => {
    type Row = RowOf<T, Flag, Document>;
    const names = Object.keys(documents) as Document[];
    const toPartialRow = (change: Partial<T>): Partial<Row> => {
      const row: Record<PropertyKey, unknown> = { ...change };
      for (const name of flags) if (name in change) row[name] = change[name] === true ? 1 : 0;
      for (const name of names) if (name in change) row[name] = JSON.stringify(change[name]);
      return row as Partial<Row>;
    };
    const read = (row: Row) => {
      const value: Record<PropertyKey, unknown> = { ...row };
      const problems: string[] = [];
      for (const name of flags) value[name] = value[name] === 1;
      for (const name of names) {
        const { read: document, problem } = readDocument(value[name], documents[name]);
        value[name] = document;
        if (problem !== undefined) problems.push(`${String(name)}: ${problem}`);
      }
      for (const name of times) {
        if (!(name in value) || isTime(value[name])) continue;
        problems.push(`${name}: ${String(value[name])} is not a time`);
        value[name] = 0;
      }
      return { value: value as T, problems };
    };
    return {
      toPartialRow,
      toRow: (value) => toPartialRow(value) as Row,
      fromRow: (row) => {
        const { value, problems } = read(row);
        if (problems.length > 0) throw new Error(problems.join('; '));
        return value;
      },
      fromAnyRow: (row) => {
        const { value, problems } = read(row);
        return problems.length === 0 ? value : { ...value, damage: problems.join('; ') };
      },
    };
  };
}

/** Must be of the same kind as its empty value: a list or a record. */
function readDocument(text: unknown, empty: '{}' | '[]'): { read: unknown; problem?: string } {
  try {
    const read: unknown = JSON.parse(String(text));
    const isList = Array.isArray(read);
    if (typeof read === 'object' && read !== null && isList === (empty === '[]')) return { read };
    return { read: JSON.parse(empty), problem: `is no ${empty === '[]' ? 'list' : 'object'}` };
  } catch (error) {
    const problem = errorText(error);
    return { read: JSON.parse(empty), problem };
  }
}

const times = ['createdAt', 'updatedAt'] as const;
/** The maximum of a Date, in milliseconds. */
const mostTime = 8.64e15;

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= mostTime;
}
