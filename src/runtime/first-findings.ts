/**
 * What a schema has against a value, at bounded cost. A validator walks the whole value to list its
 * findings, up to 20 µs for each part: seconds for a message of 300,000 parts. Of a large value it
 * gets only the innermost part that the schema refuses.
 */
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Errors } from 'typebox/value';
import type { Finding } from './schema-findings.ts';

/** A value with more parts is large. */
const smallParts = 200;
/** Of a large object's keys as many are checked, besides those that the schema requires. */
const checkedKeys = 100;

type Schema = Record<string, unknown>;

/** A part of the value, what it is checked against, and both pointers. */
interface Place {
  schema: Schema;
  value: unknown;
  schemaPath: string;
  instancePath: string;
}

/** The findings for a refused value; of a large one, those for its first fault. */
export function firstFindings(schema: object, value: unknown): Finding[] {
  const place = narrowed({ schema: { ...schema }, value, schemaPath: '#', instancePath: '' });
  const findings = Errors(place.schema as TSchema, place.value) as Finding[];
  const found = findings.map((each) => ({
    ...each,
    schemaPath: place.schemaPath + each.schemaPath.slice(1),
    instancePath: place.instancePath + each.instancePath,
  }));
  if (found.length > 0) return found;
  const { schemaPath, instancePath } = place;
  return [{ keyword: '', schemaPath, instancePath, params: {}, message: 'is not valid' }];
}

function narrowed(place: Place): Place {
  if (!isLarge(place.value)) return place;
  if (unknownKeys(place.schema, place.value).length === 0) {
    for (const part of partsOf(place)) {
      if (!validatorOf(part.schema).Check(part.value)) return narrowed(part);
    }
  }
  return alone(place);
}

/** The place without its parts, where the fault is the place's own. */
function alone({ schema, value, ...paths }: Place): Place {
  const own = { ...schema };
  for (const keyword of ['items', 'allOf', 'anyOf']) delete own[keyword];
  if (own['additionalProperties'] !== false) delete own['additionalProperties'];
  for (const keyword of ['properties', 'patternProperties']) {
    if (own[keyword] !== undefined) own[keyword] = asAny(own[keyword] as Schema);
  }
  if (!isObject(value)) return { schema: own, value, ...paths };
  const required = (schema['required'] as string[] | undefined) ?? [];
  const keys = [
    ...unknownKeys(schema, value).slice(0, checkedKeys),
    ...Object.keys(value).slice(0, checkedKeys),
    ...required.filter((key) => Object.hasOwn(value, key)),
  ];
  const cut = Object.fromEntries(keys.map((key) => [key, value[key]]));
  return { schema: own, value: cut, ...paths };
}

/** Those that the schema refuses. */
function unknownKeys(schema: Schema, value: unknown): string[] {
  if (schema['additionalProperties'] !== false || !isObject(value)) return [];
  const known = (schema['properties'] ?? {}) as Schema;
  const patterns = patternsOf(schema).map(({ pattern }) => pattern);
  return Object.keys(value).filter(
    (key) => !Object.hasOwn(known, key) && !patterns.some((pattern) => pattern.test(key)),
  );
}

function* partsOf(place: Place): Generator<Place> {
  const { schema, value, schemaPath, instancePath } = place;
  const below = (key: string | number) => `${instancePath}/${pointerOf(String(key))}`;
  for (const [at, branch] of ((schema['allOf'] ?? []) as Schema[]).entries()) {
    yield { ...place, schema: branch, schemaPath: `${schemaPath}/allOf/${at}` };
  }
  const branches = ((schema['anyOf'] ?? []) as Schema[]).map((branch, at) => ({ branch, at }));
  const [meant, ...others] = branches.filter(({ branch }) => canMean(branch, value));
  if (meant !== undefined && others.length === 0) {
    yield { ...place, schema: meant.branch, schemaPath: `${schemaPath}/anyOf/${meant.at}` };
  }
  const items = schema['items'] as Schema | undefined;
  if (Array.isArray(value)) {
    if (items === undefined || value.length > ((schema['maxItems'] ?? Infinity) as number)) return;
    for (const [at, item] of value.entries()) {
      const part = { value: item as unknown, instancePath: below(at) };
      yield { ...part, schema: items, schemaPath: `${schemaPath}/items` };
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries((schema['properties'] ?? {}) as Schema)) {
    if (!Object.hasOwn(value, key)) continue;
    yield {
      schema: property as Schema,
      value: value[key],
      schemaPath: `${schemaPath}/properties/${pointerOf(key)}`,
      instancePath: below(key),
    };
  }
  for (const { name, pattern, rule } of patternsOf(schema)) {
    const path = `${schemaPath}/patternProperties/${pointerOf(name)}`;
    for (const key of Object.keys(value)) {
      if (!pattern.test(key)) continue;
      yield { schema: rule, value: value[key], schemaPath: path, instancePath: below(key) };
    }
  }
}

/** Of a union the branch for values of this type, and with these constants. */
function canMean(branch: Schema, value: unknown): boolean {
  if (Array.isArray(value)) return branch['type'] === 'array';
  if (!isObject(value)) return branch['type'] === typeof value;
  if (branch['type'] !== 'object') return false;
  return Object.entries((branch['properties'] ?? {}) as Record<string, Schema>).every(
    ([key, rule]) => rule['const'] === undefined || rule['const'] === value[key],
  );
}

function patternsOf(schema: Schema) {
  const named = (schema['patternProperties'] ?? {}) as Record<string, Schema>;
  return Object.entries(named).map(([name, rule]) => ({
    name,
    rule,
    pattern: new RegExp(name, 'u'),
  }));
}

/** The same keys, each with any value. */
function asAny(schemas: Schema): Schema {
  return Object.fromEntries(Object.keys(schemas).map((key) => [key, {}]));
}

const validators = new WeakMap<Schema, Validator>();

function validatorOf(schema: Schema): Validator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validator = Compile(schema as TSchema) as Validator;
  validators.set(schema, validator);
  return validator;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLarge(value: unknown): boolean {
  let parts = 0;
  const count = (each: unknown): boolean => {
    parts += 1;
    if (parts > smallParts) return true;
    if (Array.isArray(each)) return each.length > smallParts || each.some(count);
    return isObject(each) && Object.values(each).some(count);
  };
  return count(value);
}

/** Source: RFC 6901, section 3. */
function pointerOf(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
