/** JSON bodies with bounds: endless nesting or lists cost no more than a scan of the text. */
import type { FastifyRequest } from 'fastify';
import { ComputeError, errorText } from '#core/errors.ts';
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
  const half = halfPair(body, value);
  if (half === undefined) return done(null, value);
  done(
    new ComputeError(
      'invalid',
      `The request body has ${half}: half a surrogate pair is not valid text.`,
    ),
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
