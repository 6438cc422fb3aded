/** JSON bodies with bounds: endless nesting or lists cost no more than a scan of the text. */
import type { FastifyRequest } from 'fastify';
import { ComputeError, errorText } from '#core/errors.ts';
import { quoted } from '#core/quoted-text.ts';
import { excessOf } from '#runtime/json-size.ts';

/**
 * The deepest real body, a server with its NICs, has 6 levels. The largest, 50 ports at once, has
 * some 3,000 values, and a list of 500 devices 4,000.
 */
const bounds = { levels: 64, values: 5_000 };

/** A content type parser for bodies of JSON under any name; an empty body is absent. */
export function parseJsonBody(
  _request: FastifyRequest,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const body = String(text);
  if (body.trim() === '') return done(null, undefined);
  const excess = excessOf(body, bounds);
  if (excess !== undefined) {
    return done(new ComputeError('invalid', `The request body ${excess}.`));
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    const why = errorText(cause);
    return done(
      new ComputeError('invalid', `The request body is not valid JSON: ${why}`, { cause }),
    );
  }
  const refused = halfPair(body, value) ?? nullCharacter(body, value);
  if (refused === undefined) return done(null, value);
  done(new ComputeError('invalid', refused));
}

/**
 * The first text with half a surrogate pair, cut and quoted: programs that print it fail, those of
 * an administrator who lists it too. It comes as an escape, and is written as one. Example:
 * `"a\\ud800"`.
 */
function halfPair(text: string, value: unknown): string | undefined {
  if (!/\\ud[89a-f]/i.test(text)) return undefined;
  for (const [given] of JSON.stringify(value).matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g)) {
    if (!given.replaceAll('\\\\', '').includes('\\ud')) continue;
    const shown = given.length > 80 ? `${given.slice(0, 77)}...` : given;
    return `The request body has ${shown}: half a surrogate pair is not valid text.`;
  }
  return undefined;
}

/** PostgreSQL cannot store it. The text is not shown: it may be a password. */
function nullCharacter(text: string, value: unknown): string | undefined {
  if (!text.includes(String.raw`\u0000`)) return undefined;
  const field = fieldWithNull(value, '');
  return field && `${field}: the null character U+0000 cannot be stored.`;
}

/** Example: `server.name`, or `body` for the body itself. A key with the character is quoted. */
function fieldWithNull(value: unknown, at: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? at || 'body' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const prefix = at === '' ? '' : `${at}.`;
    if (key.includes('\0')) return `${prefix}${quoted(key)}`;
    const found = fieldWithNull(each, `${prefix}${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
