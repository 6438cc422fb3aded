/**
 * What a JSON Schema refuses of a value: the one field to name, its value, and its rule. Each
 * reader of bodies, files or messages phrases it for those who read its texts.
 */
import { firstFindings } from './first-findings.ts';
import { cutTo, type Finding, namesIn, quoted, valueAt } from './schema-findings.ts';

/** The texts in which readers differ. */
export interface SchemaPhrasing {
  /** `known`: the keys that the object may have. */
  unknownKeys(keys: readonly string[], known: readonly string[]): string;
  missingKeys(keys: readonly string[]): string;
  oneOf(values: readonly unknown[]): string;
  /** undefined: as the validator has it. Example: `type('integer')` → `must be a whole number`. */
  type?(type: string): string | undefined;
  /** Between the rules of a union. Example: `, or `. */
  or: string;
  /** The maximum length of a value shown. */
  valueLength: number;
  /** Keys whose values are not shown. Example: `['password']`. */
  secrets: readonly string[];
}

export interface SchemaFault {
  /** The names of the keys to the field; empty: the whole value. Example: `['hosts', '0']`. */
  names: string[];
  /** The keys that the field has and must not, or has not and must; empty: its value is wrong. */
  keys: string[];
  /** Its value as JSON, cut, without secrets. */
  shown: string;
  /** Example: `must be one of normal, direct`. */
  rule: string;
}

/** For texts that follow no API of others. */
export const plainPhrasing: SchemaPhrasing = {
  unknownKeys: (keys) => `unknown key ${quoted(keys)}`,
  missingKeys: (keys) => `required key ${quoted(keys)} is missing`,
  oneOf: (values) => `must be one of ${values.join(', ')}`,
  or: ' or ',
  valueLength: 80,
  secrets: ['password', 'original_password', 'secret'],
};

/** What was checked against what. */
interface Checked {
  value: unknown;
  schema: object;
}

/**
 * The fault to report of a value that the schema refuses. An unknown key comes first: a misspelt
 * one is more informative than that the right one is missing. Then comes the innermost fault; of a
 * large value, the first one. A schema may describe its `pattern` under the key `rule`, which
 * validators ignore. Example: `faultOf({ value, schema }, plainPhrasing)` → `{ names: ['port',
 * 'mtu'], keys: [], shown: '"x"', rule: 'must be integer' }`.
 */
export function faultOf({ value, schema }: Checked, phrasing: SchemaPhrasing): SchemaFault {
  const findings = firstFindings(schema, value);
  const finding = unknownKeys(findings) ?? innermost(findings);
  if (finding === undefined) return { names: [], keys: [], shown: '', rule: 'is not valid' };
  const names = namesIn(finding.instancePath);
  return {
    names,
    keys: keysOf(finding),
    shown: shownAt(names, value, phrasing),
    rule: ruleOf(finding, { findings, schema, phrasing }),
  };
}

/**
 * The first object with unknown keys, with all of them. Of many, validators list only the first
 * ones, each on its own. Where keys are free, it is a value that is wrong, not a key.
 */
function unknownKeys(findings: readonly Finding[]): Finding | undefined {
  const alone = findings.filter(({ keyword }) => keyword === 'boolean');
  const [first] = alone;
  if (first === undefined) return undefined;
  const keyword = 'additionalProperties';
  const instancePath = above(first.instancePath);
  const together = findings.find(
    (each) => each.keyword === keyword && each.instancePath === instancePath,
  );
  if (together !== undefined) return together;
  const listed = alone.filter((each) => above(each.instancePath) === instancePath);
  const keys = listed.flatMap((each) => namesIn(each.instancePath).slice(-1));
  const params = { [keyword]: keys };
  return { ...first, keyword, instancePath, params, schemaPath: above(first.schemaPath) };
}

/** Of a union the fault of the union: its branches are named in its rule. */
function innermost(findings: readonly Finding[]): Finding | undefined {
  const depth = ({ instancePath }: Finding) => instancePath.split('/').length;
  const deepest = findings.reduce((most, each) => Math.max(most, depth(each)), 0);
  const inner = findings.filter((each) => depth(each) === deepest);
  return inner.find(({ keyword }) => keyword === 'anyOf') ?? inner[0];
}

interface RuleParts {
  findings: readonly Finding[];
  schema: object;
  phrasing: SchemaPhrasing;
}

function ruleOf(finding: Finding, parts: RuleParts): string {
  const { schema, phrasing } = parts;
  const params = finding.params as Record<string, unknown>;
  const own = schemaAt(finding.schemaPath, schema);
  switch (finding.keyword) {
    case 'additionalProperties':
      return phrasing.unknownKeys(keysOf(finding), Object.keys(own?.['properties'] ?? {}));
    case 'required':
      return phrasing.missingKeys(keysOf(finding));
    case 'anyOf': {
      const rules = branchesOf(finding, parts).map((each) => ruleOf(each, parts));
      return [...new Set(rules)].join(phrasing.or);
    }
    case 'enum':
      return phrasing.oneOf(params['allowedValues'] as unknown[]);
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'type':
      return phrasing.type?.(String(params['type'])) ?? finding.message;
    case 'pattern':
      return (own?.['rule'] as string | undefined) ?? finding.message;
    default:
      return finding.message;
  }
}

/** What each branch of a union has against the value. A constant implies its type. */
function branchesOf({ instancePath }: Finding, { findings }: RuleParts): Finding[] {
  const branches = findings.filter(
    (each) => each.instancePath === instancePath && each.keyword !== 'anyOf',
  );
  const constants = new Set(
    branches.filter(({ keyword }) => keyword === 'const').map(({ schemaPath }) => schemaPath),
  );
  return branches.filter(
    ({ keyword, schemaPath }) => keyword !== 'type' || !constants.has(schemaPath),
  );
}

/** Those that are unknown or missing. */
function keysOf({ keyword, params }: Finding): string[] {
  const named = params as Record<string, string[]>;
  if (keyword === 'additionalProperties') return named['additionalProperties'] ?? [];
  return keyword === 'required' ? (named['requiredProperties'] ?? []) : [];
}

function shownAt(
  names: readonly string[],
  value: unknown,
  { secrets, valueLength }: SchemaPhrasing,
): string {
  const hidden = (key: string) => secrets.includes(key);
  if (names.some(hidden)) return '***';
  const text = JSON.stringify(valueAt(names, value), (key, inner) => (hidden(key) ? '***' : inner));
  return cutTo(valueLength, text ?? 'nothing');
}

function schemaAt(schemaPath: string, schema: object): Record<string, unknown> | undefined {
  const names = namesIn(schemaPath.replace(/^#/, ''));
  return valueAt(names, schema) as Record<string, unknown> | undefined;
}

/** Example: `/servers/0` → `/servers`. */
function above(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'));
}
