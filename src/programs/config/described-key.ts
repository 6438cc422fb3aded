/**
 * Keys of configuration files with their text in docs/configuration.md, so that the schema is the
 * one source of both.
 */
import { type TOptional, type TSchema, Type } from 'typebox';

/** `default`: the value of a missing key; `unset`: the behaviour then, where it is not a value. */
export interface KeyNotes {
  unit?: string;
  default?: unknown;
  unset?: string;
}

/** An optional key. Example: `key(Type.Integer(), 'address of …', { default: 0 })`. */
export function key<Schema extends TSchema>(
  schema: Schema,
  meaning: string,
  notes: KeyNotes = {},
): TOptional<Schema> {
  return Type.Optional(required(schema, meaning, notes)) as TOptional<Schema>;
}

/** A required key of its section. */
export function required<Schema extends TSchema>(
  schema: Schema,
  meaning: string,
  notes: KeyNotes = {},
): Schema {
  return Type.With(schema, { description: meaning, ...notes }) as Schema;
}
