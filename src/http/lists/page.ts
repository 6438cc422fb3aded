/**
 * Which part of a list is requested: limit and marker. Names, defaults and texts are a service's.
 */
import { type Query, queryValues } from '../routes/query.ts';

export interface LimitRules {
  /** The texts that are a limit. */
  form: RegExp;
  /** Without one. */
  standard: number;
  /** A larger one counts as this. Default: none is too large. */
  most?: number;
  /** The error for any other text. */
  refusal: (text: string) => Error;
}

/**
 * How many items a page may have. Example: `5000` with `most: 1000` → 1000. Throws the service's
 * refusal.
 */
export function limitOf(
  text: string | undefined,
  { form, standard, most = Number.POSITIVE_INFINITY, refusal }: LimitRules,
): number {
  if (text === undefined) return standard;
  if (form.test(text)) return Math.min(Number(text), most);
  throw refusal(text);
}

/** The two sides of the marked item. */
export interface MarkedList<Item> {
  before: Item[];
  after: Item[];
}

/** undefined: no item has this id. Example: b in [a, b, c] → before [a], after [c]. */
export function besideMarker<Item>(
  items: Item[],
  marker: string,
  idOf: (item: Item) => unknown,
): MarkedList<Item> | undefined {
  const at = items.findIndex((item) => idOf(item) === marker);
  return at < 0 ? undefined : { before: items.slice(0, at), after: items.slice(at + 1) };
}

/**
 * The query of another page of the same list: as the list's own, which is given as it was read or
 * as text, without these keys, and with the marker. Example: `a=1&marker=x` and y →
 * `a=1&marker=y`.
 */
export function pageQuery(
  query: Query | string,
  { marker, without = [] }: { marker: string | undefined; without?: readonly string[] },
): URLSearchParams {
  const parameters = typeof query === 'string' ? new URLSearchParams(query) : parametersOf(query);
  for (const key of without) parameters.delete(key);
  if (marker !== undefined) parameters.set('marker', marker);
  return parameters;
}

function parametersOf(query: Query): URLSearchParams {
  const pairs = Object.keys(query).flatMap((key) =>
    queryValues(query, key).map((value): [string, string] => [key, value]),
  );
  return new URLSearchParams(pairs);
}
