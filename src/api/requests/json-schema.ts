/** Bodies read by their schema; what is wrong is reported as Nova does. */
import { type Static, type TOptional, type TProperties, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ComputeError } from '#core/errors.ts';
import { faultOf, type SchemaPhrasing } from '#runtime/schema-fault.ts';
import { quoted } from '#runtime/schema-findings.ts';

/** A JSON Schema as plain data. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** An object with these keys and no other. Example: `closed({ name: field.name })`. */
export function closed<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/**
 * Keys that only some microversions have: the schema has them in those, and the type always, so
 * each is optional. Example: `...keysIf(version >= 19, { description })`.
 */
export function keysIf<Properties extends Record<string, TOptional>>(
  areThere: boolean,
  properties: Properties,
): Properties {
  return areThere ? properties : ({} as Properties);
}

/**
 * The body of a call that changed in these versions: one schema for each range, made when it is
 * first used. Example: `bySince([1, 19, 90], (since) => closed({ … }))`.
 */
export function bySince<Schema extends TSchema>(
  changes: readonly number[],
  make: (since: number) => Schema,
): (version: number) => Schema {
  const made = new Map<number, Schema>();
  return (version) => {
    const since = changes.findLast((change) => change <= version) ?? 1;
    const schema = made.get(since) ?? make(since);
    made.set(since, schema);
    return schema;
  };
}

const compiled = new WeakMap<TSchema, Validator>();

/**
 * The body as its schema describes it. `isLenient`: mistakes of older clients are tolerated. Throws
 * `invalid` naming field, value and rule. Each schema is compiled once.
 */
export function readBody<Schema extends TSchema>(
  schema: Schema,
  body: unknown,
  isLenient = false,
): Static<Schema> {
  const given = isLenient ? forgiven(dataOf(schema), body) : body;
  if (isValid(schema, given)) return given;
  throw new ComputeError('invalid', explain(given, dataOf(schema)));
}

function dataOf(schema: TSchema): JsonSchema {
  return { ...schema };
}

function isValid<Schema extends TSchema>(schema: Schema, body: unknown): body is Static<Schema> {
  return validatorOf(schema).Check(body);
}

function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (validator === undefined) {
    validator = Compile(schema) as Validator;
    compiled.set(schema, validator);
  }
  return validator;
}

/** The texts of Nova. Passwords stay out of messages and logs. */
const phrasing: SchemaPhrasing = {
  unknownKeys: (keys) => {
    const verb = keys.length === 1 ? 'was' : 'were';
    return `Additional properties are not allowed (${quoted(keys)} ${verb} unexpected)`;
  },
  missingKeys: (keys) => `${quoted(keys)} is a required property`,
  oneOf: (values) => `must be one of ${quoted(values)}`,
  or: ', or ',
  valueLength: 200,
  secrets: ['adminPass'],
};

function explain(body: unknown, schema: JsonSchema): string {
  const { names, keys, shown, rule } = faultOf({ value: body, schema }, phrasing);
  if (names.length > 0) {
    return `Invalid input for field/attribute ${names.join('.')}. Value: ${shown}. ${rule}`;
  }
  return keys.length > 0 ? rule : bodyRule(schema);
}

/** For a body that is not an object. */
function bodyRule({ properties }: JsonSchema): string {
  return `The request body must be an object with ${Object.keys(properties ?? {}).join(', ')}.`;
}

/**
 * The body as the older API takes it: without the keys that an object of the schema does not have,
 * without blanks around texts whose schema has `trimmed`, and without a null where it has
 * `nullIsAbsent`. Validators pass over both keywords. Other faults stay for the check.
 */
function forgiven(schema: JsonSchema, body: unknown): unknown {
  const properties = schema['properties'] as Record<string, JsonSchema> | undefined;
  const items = schema['items'] as JsonSchema | undefined;
  if (Array.isArray(body)) return items ? body.map((item) => forgiven(items, item)) : body;
  if (typeof body === 'string' && schema['trimmed'] === true) return body.trim();
  if (typeof body !== 'object' || body === null || properties === undefined) return body;
  return Object.fromEntries(
    Object.entries(body).flatMap(([key, value]) => {
      const inner = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (value === null && inner?.['nullIsAbsent'] === true) return [];
      if (inner !== undefined) return [[key, forgiven(inner, value)]];
      return schema['additionalProperties'] === false ? [] : [[key, value]];
    }),
  );
}
