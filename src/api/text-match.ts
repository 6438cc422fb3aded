/** Regular expressions that come in queries: those that cannot make the server think for minutes. */
import { ComputeError } from '#core/errors.ts';

const mostRepeats = 4;

/**
 * A test for the texts that a user's pattern is found in, as Nova's `name=` filter does. Example: `^web-.*1$`.
 * Throws `invalid` for a bad pattern, and for groups or many repeats: matching those may take time without end.
 */
export function textMatch(field: string, pattern: string): (text: string) => boolean {
  const bare = pattern.replaceAll(/\\./g, '').replaceAll(/\[[^\]]*\]/g, '');
  const repeats = bare.match(/[*+?{]/g)?.length ?? 0;
  if (pattern.length > 255 || bare.includes('(') || repeats > mostRepeats) {
    throw new ComputeError(
      'invalid',
      `Invalid input for query parameters ${field}. Value: ${pattern}. must be a pattern of at most 255 characters without groups and with at most ${mostRepeats} repeats`,
    );
  }
  try {
    const expression = new RegExp(pattern, 'i');
    return (text) => expression.test(text);
  } catch (cause) {
    throw new ComputeError(
      'invalid',
      `Invalid input for query parameters ${field}. Value: ${pattern}. must be a regular expression`,
      { cause },
    );
  }
}
