/** A typebox schema as plain JSON Schema of the 2020-12 dialect, which OpenAPI 3.1 uses. */
import type { TSchema } from 'typebox';

export type JsonObject = Record<string, unknown>;

/** Keywords of our own: how v2 reads a body that is not quite right. */
const ours = new Set(['trimmed', 'nullIsAbsent']);

/** `rule`, the text of a refusal, becomes the description. */
export function jsonOf(schema: TSchema): JsonObject {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (ours.has(key) ? undefined : described(value))),
  ) as JsonObject;
}

function described(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('rule' in value)) return value;
  const { rule, ...rest } = value;
  return typeof rule === 'string' ? { ...rest, description: rule } : value;
}
