/**
 * Values of filters: operators, lists in quotes, times and numbers. Source of the forms: Glance's
 * API, "List images".
 */
import { ComputeError } from '#core/errors.ts';

/** Values are lists where a key was repeated. */
export type Query = Record<string, string | string[]>;

/**
 * A value of the query that cannot be read. Example: `query.limit: 'x' must be a whole number of at
 * least 0`.
 */
export function badValue(key: string, value: string, rule: string): ComputeError {
  return new ComputeError('invalid', `query.${key}: '${value}' ${rule}`);
}

/**
 * The text test of `name`, `id`, `status` and the formats: a value, `eq:value`, or `in:one,"two,
 * three"`. Throws `invalid` for another operator.
 */
export function textTest(key: string, value: string): (text: string | null) => boolean {
  const [operator, operand] = splitOperator(value);
  if (operator === 'eq') return (text) => text === operand;
  if (operator === 'in') {
    const wanted = new Set(splitList(key, operand));
    return (text) => text !== null && wanted.has(text);
  }
  throw badValue(key, value, `has the unknown operator '${operator}': must be one of eq, in`);
}

/** Example: `gt:a:b` → gt and a:b; a value without an operator is `eq`. */
function splitOperator(value: string): [string, string] {
  const at = value.indexOf(':');
  return at < 0 ? ['eq', value] : [value.slice(0, at), value.slice(at + 1)];
}

/**
 * Example: `a,"b,c"` → a and b,c. In quotes `\"` is a quote. Throws `invalid` where a quote is not
 * closed, or has no comma next to it.
 */
function splitList(key: string, text: string): string[] {
  const items: string[] = [];
  for (let at = 0; at <= text.length; at += 1) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? endOfQuoted(text, at) : endOfPlain(text, at);
    const item = text.slice(at, end);
    const isWhole = isQuoted ? [',', undefined].includes(text[end]) : !item.includes('"');
    if (end < 0 || !isWhole) {
      throw badValue(key, text, 'has a quote that is not closed, or has no comma next to it');
    }
    items.push(isQuoted ? item.slice(1, -1).replaceAll(/\\(.)/g, '$1') : item);
    at = end;
  }
  return items;
}

function endOfPlain(text: string, start: number): number {
  const end = text.indexOf(',', start);
  return end < 0 ? text.length : end;
}

/** Behind the closing quote; -1 when there is none. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at += 1;
  }
  return -1;
}

type Compare = (one: number, other: number) => boolean;

const timeOperators: Record<string, Compare> = {
  eq: (one, other) => one === other,
  neq: (one, other) => one !== other,
  gt: (one, other) => one > other,
  gte: (one, other) => one >= other,
  lt: (one, other) => one < other,
  lte: (one, other) => one <= other,
};

/**
 * The test of `created_at` and `updated_at`: a time, or one behind `gt:`, `gte:`, `lt:`, `lte:`,
 * `eq:` or `neq:`. Times of images are compared as they are shown, in whole seconds. Throws
 * `invalid`.
 */
export function timeTest(key: string, value: string): (epochMs: number) => boolean {
  const whole = readTime(value);
  const [operator, operand] = whole === undefined ? splitOperator(value) : ['eq', value];
  const compare = Object.hasOwn(timeOperators, operator) ? timeOperators[operator] : undefined;
  if (compare === undefined) {
    const known = Object.keys(timeOperators).join(', ');
    throw badValue(key, value, `has the unknown operator '${operator}': must be one of ${known}`);
  }
  const time = whole ?? readTime(operand);
  if (time === undefined) throw badValue(key, value, 'must be an ISO 8601 date and time');
  return (epochMs) => compare(Math.floor(epochMs / 1000) * 1000, time);
}

const isoForm =
  /^(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d(?:[.,]\d+)?))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * Epoch milliseconds; without a zone it is UTC; undefined for an invalid time. Example:
 * `2026-11-23T07:15:00+01:00`.
 */
export function readTime(text: string): number | undefined {
  const parts = isoForm.exec(text);
  if (parts === null) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = parts;
  const zone = (parts[7] ?? 'Z').replace(/^([+-]\d\d)(\d\d)?$/, '$1:$2').replace(/:$/, ':00');
  const seconds = second.replace(',', '.');
  const [whole = '00', fraction = '0'] = seconds.split('.');
  const date = `${year}-${month}-${day}`;
  const time = Date.parse(`${date}T${hour}:${minute}:${whole}${zone}`);
  const isDay = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(day);
  if (Number.isNaN(time) || !isDay) return undefined;
  return time + Number(`0.${fraction}`) * 1000;
}

/** Throws `invalid`. Examples: `5`, `-1`. */
export function readWhole(key: string, value: string): number {
  if (/^[+-]?\d{1,18}$/.test(value.trim())) return Number(value);
  throw badValue(key, value, 'must be a whole number');
}

/** Throws `invalid`. Example: `True` → true. */
export function readFlag(key: string, value: string): boolean {
  const text = value.toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw badValue(key, value, 'must be true or false');
}
