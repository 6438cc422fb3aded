/** Bodies read by their schema; what is wrong is reported as Nova does. */
import { type Static, type TOptional, type TProperties, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ComputeError } from '#core/errors.ts';
import { cutTo, type Finding, namesIn, quoted, valueAt } from '#runtime/schema-findings.ts';

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
  if (isAsSaid(schema, given)) return given;
  throw new ComputeError(
    'invalid',
    explain(validatorOf(schema).Errors(given), given, dataOf(schema)),
  );
}

function dataOf(schema: TSchema): JsonSchema {
  return { ...schema };
}

function isAsSaid<Schema extends TSchema>(schema: Schema, body: unknown): body is Static<Schema> {
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

function explain(given: Finding[], body: unknown, schema: JsonSchema): string {
  const findings = given.map(ofUnknownKey);
  const finding = mostTelling(findings);
  if (finding === undefined) return 'The request body is invalid.';
  const names = namesIn(finding.instancePath);
  const rule = ruleOf(finding, findings, schema);
  if (names.length === 0) return finding.keyword === 'type' ? bodyRule(schema) : rule;
  return `Invalid input for field/attribute ${names.join('.')}. Value: ${shown(valueAt(names, body))}. ${rule}`;
}

/**
 * Validators list the first findings only: of many unknown keys each, and not what they have in
 * common.
 */
function ofUnknownKey(finding: Finding): Finding {
  if (finding.keyword !== 'boolean') return finding;
  const keyword = 'additionalProperties';
  const instancePath = finding.instancePath.slice(0, finding.instancePath.lastIndexOf('/'));
  const params = { [keyword]: namesIn(finding.instancePath).slice(-1) };
  return { ...finding, keyword, instancePath, params };
}

/** For a body that is not an object. */
function bodyRule({ properties }: JsonSchema): string {
  return `The request body must be an object with ${Object.keys(properties ?? {}).join(', ')}.`;
}

/** An unknown key; else the innermost fault, and for a union the fault of the union itself. */
function mostTelling(findings: Finding[]): Finding | undefined {
  const extra = findings.find(({ keyword }) => keyword === 'additionalProperties');
  if (extra !== undefined) return extra;
  const depth = ({ instancePath }: Finding) => instancePath.split('/').length;
  const deepest = findings.reduce((most, each) => Math.max(most, depth(each)), 0);
  const innermost = findings.filter((each) => depth(each) === deepest);
  return innermost.find(({ keyword }) => keyword === 'anyOf') ?? innermost[0];
}

/** A schema may describe its `pattern` under the key `rule`, which validators ignore. */
function ruleOf(finding: Finding, findings: Finding[], schema: JsonSchema): string {
  const params = finding.params as Record<string, unknown>;
  switch (finding.keyword) {
    case 'additionalProperties': {
      const extra = params['additionalProperties'] as string[];
      const verb = extra.length === 1 ? 'was' : 'were';
      return `Additional properties are not allowed (${quoted(extra)} ${verb} unexpected)`;
    }
    case 'required':
      return `${quoted(params['requiredProperties'] as string[])} is a required property`;
    case 'anyOf': {
      const branches = findings.filter(
        (each) => each.instancePath === finding.instancePath && each.keyword !== 'anyOf',
      );
      return [...new Set(branches.map((each) => ruleOf(each, findings, schema)))].join(', or ');
    }
    case 'enum':
      return `must be one of ${quoted(params['allowedValues'] as unknown[])}`;
    case 'pattern':
      return (schemaAt(finding.schemaPath, schema)?.['rule'] as string) ?? finding.message;
    default:
      return finding.message;
  }
}

function schemaAt(schemaPath: string, schema: JsonSchema): JsonSchema | undefined {
  return valueAt(namesIn(schemaPath.replace(/^#/, '')), schema) as JsonSchema | undefined;
}

/** Passwords stay out of messages and logs, and a long value is cut. */
function shown(value: unknown): string {
  const text = JSON.stringify(value, (key, inner) => (key === 'adminPass' ? '***' : inner)) ?? '';
  return cutTo(200, text);
}

/**
 * The body as the older API takes it: without the keys that an object of the schema does not have,
 * without blanks around texts whose schema says `trimmed`, and without a null where it says
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
