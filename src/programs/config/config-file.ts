/**
 * Configuration files in YAML: what is wrong in one is named by file, line, key and rule. Knows no
 * key.
 */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { closestName } from '#core/closest-name.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { faultOf, plainPhrasing, type SchemaPhrasing } from '#runtime/schema-fault.ts';
import { valueAt } from '#runtime/schema-findings.ts';

/** Where a key is. Example: `novella.yaml:12 simulated.hosts[0].device_spec[1]`. */
export type Place = (keys: Keys) => string;

type Keys = (string | number)[];

/** One entry of a device list, with where it was written. */
export interface ConfigEntry {
  text: string;
  /** Example: `novella.yaml:12 simulated.hosts[0].device_spec[1]`. */
  source: string;
}

/**
 * What is in this text, unchecked; `path` names it in messages. An empty text is an empty object.
 * Throws `invalid` for invalid YAML.
 */
export function parseYaml(text: string, path: string): { content: unknown; place: Place } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new ComputeError('invalid', `${path}:${line}:${col}: ${broken.message}`);
  }
  const place = (keys: Keys): string => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    const line = node?.range === undefined ? '' : `:${lines.linePos(node.range[0]).line}`;
    return [`${path}${line}`, ...(keys.length === 0 ? [] : [dotted(keys)])].join(' ');
  };
  return { content: contentOf(document, path), place };
}

/** YAML can name more than it should hold: aliases within aliases. */
function contentOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    const problem = errorText(cause);
    throw new ComputeError('invalid', `${path}: ${problem}`, { cause });
  }
}

/** The content, if it matches the schema. Throws `invalid` with the first key that is not. */
export function checkedBy<Schema extends TSchema>(
  schema: Schema,
  content: unknown,
  place: Place,
): Static<Schema> {
  const checker = Compile(schema);
  if (checker.Check(content)) return content;
  const fault = faultOf({ value: content, schema }, phrasing);
  const { names, keys, rule } = fault;
  // A missing key has no line.
  const unknown = keys.filter((key) => Object.hasOwn(Object(valueAt(names, content)), key));
  throw new ComputeError(
    'invalid',
    `${place([...names, ...unknown.slice(0, 1)].map(asKey))}: ${rule}`,
  );
}

/** The checker names types as JSON does; these are the terms of who writes YAML. */
const phrasing: SchemaPhrasing = {
  ...plainPhrasing,
  unknownKeys: ([key = ''], known) => {
    const meant = closestName(key, known);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    return `is not a key of the configuration${hint}`;
  },
  oneOf: (values) => `must be ${values.join(' or ')}`,
  type: (type) => typeNames[type] && `must be ${typeNames[type]}`,
};

const typeNames: Record<string, string> = {
  object: 'keys with values, such as "key: value", with a space after the colon',
  array: 'a list',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'text; quote what YAML would read as a number or a keyword',
};

function asKey(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Example: `['simulated', 'hosts', 0]` → `simulated.hosts[0]`. */
function dotted(keys: Keys): string {
  return keys
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${key}`))
    .join('');
}

/** The entries of a list below these keys. */
export function entries(
  list: readonly (string | Record<string, unknown>)[],
  keys: Keys,
  place: Place,
): ConfigEntry[] {
  return list.map((entry, at) => ({
    text: typeof entry === 'string' ? entry : JSON.stringify(entry),
    source: place([...keys, at]),
  }));
}
