/**
 * Keys of configuration files with what docs/configuration.md says of them, so that the schema is
 * the one source of both.
 */
import { type TOptional, type TSchema, Type } from 'typebox';

/** `default`: the value of a key left out; `unset`: what then holds, where that is no value. */
export interface KeyNotes {
  unit?: string;
  default?: unknown;
  unset?: string;
}

/** A key that may be left out. Example: `key(Type.Integer(), 'address of …', { default: 0 })`. */
export function key<Schema extends TSchema>(
  schema: Schema,
  meaning: string,
  notes: KeyNotes = {},
): TOptional<Schema> {
  return Type.Optional(required(schema, meaning, notes)) as TOptional<Schema>;
}

/** A key that its section must have. */
export function required<Schema extends TSchema>(
  schema: Schema,
  meaning: string,
  notes: KeyNotes = {},
): Schema {
  return Type.With(schema, { description: meaning, ...notes }) as Schema;
}
