/** Configuration files in YAML: what is wrong in one is named by file, line, key and rule. Knows no key. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { ComputeError } from '#core/errors.ts';

/** Where a key is. Example: `novella.yaml:12 simulated.hosts[0].device_spec[1]`. */
export type Place = (keys: (string | number)[]) => string;

/** One entry of a device list, with where it was written. */
export interface ConfigEntry {
  text: string;
  /** Example: `novella.yaml:12 simulated.hosts[0].device_spec[1]`. */
  source: string;
}

/** What is in this text, unchecked; `path` names it in messages. An empty text is an empty object. Throws `invalid` for what is no YAML. */
export function parseYaml(text: string, path: string): { content: unknown; place: Place } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) throw new ComputeError('invalid', `${path}: ${broken.message}`);
  const place = (keys: (string | number)[]): string => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    const line = node?.range === undefined ? '' : `:${lines.linePos(node.range[0]).line}`;
    return `${path}${line} ${dotted(keys)}`;
  };
  return { content: contentOf(document, path), place };
}

/** YAML can name more than it should hold: aliases within aliases. */
function contentOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ComputeError('invalid', `${path}: ${problem}`, { cause });
  }
}

/** The content, if it is as the schema says. Throws `invalid` with the first key that is not. */
export function checkedBy<Schema extends TSchema>(
  schema: Schema,
  content: unknown,
  place: Place,
): Static<Schema> {
  const checker = Compile(schema);
  if (checker.Check(content)) return content;
  const [first] = checker.Errors(content);
  const keys = (first?.instancePath ?? '').split('/').slice(1).map(asKey);
  throw new ComputeError('invalid', `${place(keys)}: ${ruleOf(first)}`);
}

/** The checker has no words for a key that no schema has, and does not name the words that are allowed. */
function ruleOf(finding?: { keyword: string; message: string; params: object }): string {
  if (finding === undefined) return 'is not valid';
  if (finding.message === 'schema is false') return 'is not a key of the configuration';
  const { allowedValues } = finding.params as { allowedValues?: unknown[] };
  return allowedValues === undefined ? finding.message : `must be ${allowedValues.join(' or ')}`;
}

function asKey(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Example: `['simulated', 'hosts', 0]` → `simulated.hosts[0]`. */
function dotted(keys: (string | number)[]): string {
  return keys
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${key}`))
    .join('');
}

/** The entries of a list below these keys. */
export function entries(
  list: readonly (string | Record<string, unknown>)[],
  keys: (string | number)[],
  place: Place,
): ConfigEntry[] {
  return list.map((entry, at) => ({
    text: typeof entry === 'string' ? entry : JSON.stringify(entry),
    source: place([...keys, at]),
  }));
}
