/** JSON bodies with bounds: endless nesting or lists cost no more than a scan of the text. */
import type { FastifyRequest } from 'fastify';
import { ComputeError, errorText } from '#core/errors.ts';

/** The deepest real body, a server with its NICs, has 6 levels. */
const deepest = 64;
/**
 * The largest real body, 50 ports at once, has some 3,000, and a list of 500 devices 4,000. A
 * validator takes up to 20 µs for each to report what is wrong.
 */
const mostValues = 5_000;

/** A content type parser for bodies of JSON under any name; an empty body is none. */
export function parseJsonBody(
  _request: FastifyRequest,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const body = String(text);
  if (body.trim() === '') return done(null, undefined);
  const problem = excessOf(body);
  if (problem !== undefined) return done(new ComputeError('invalid', problem));
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    const why = errorText(cause);
    return done(
      new ComputeError('invalid', `The request body is not valid JSON: ${why}`, { cause }),
    );
  }
  const half = halfPair(body, value);
  if (half === undefined) return done(null, value);
  done(
    new ComputeError('invalid', `The request body has ${half}: half a surrogate pair is no text.`),
  );
}

/**
 * The first text with half a surrogate pair, cut and quoted: programs that print it fail, those of
 * an administrator who lists it too. It comes as an escape, and is written as one. Example:
 * `"a\\ud800"`.
 */
function halfPair(text: string, value: unknown): string | undefined {
  if (!/\\ud[89a-f]/i.test(text)) return undefined;
  for (const [quoted] of JSON.stringify(value).matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g)) {
    if (quoted.replaceAll('\\\\', '').includes('\\ud')) {
      return quoted.length > 80 ? `${quoted.slice(0, 77)}...` : quoted;
    }
  }
  return undefined;
}

/** What exceeds its limit, if anything: levels or values. Example: `[[[…]]]` with 65 levels. */
function excessOf(text: string): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        if (depth > deepest) return `The request body is nested deeper than ${deepest} levels.`;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case comma:
        values += 1;
        if (values > mostValues) return `The request body has more than ${mostValues} values.`;
        break;
    }
  }
  return undefined;
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where the string that begins here ends: at its closing quote, or at the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return text.length;
}
