/**
 * Regular expressions that come in queries, matched in time linear in the text: no pattern can hold
 * up the process.
 */
import { RE2JS } from 're2js';
import { ComputeError, errorText } from '#core/errors.ts';

const longestPattern = 255;
/**
 * A literal of the longest pattern has about one instruction a character; counted repeats such as
 * `(a{30}){30}` have far more.
 */
const mostInstructions = 400;

/**
 * A test for the texts in which a user's pattern is found, whatever their case, as with Nova's
 * `name=` filter. The syntax is RE2's: groups, alternatives, classes and repeats, but no
 * look-around and no back-references. Example: `^(web|db)-.*1$`. Throws `invalid` for a pattern
 * that is wrong, too long, or too large once its repeats are written out.
 */
export function textMatch(field: string, pattern: string): (text: string) => boolean {
  if (pattern.length > longestPattern) {
    throw refused(field, pattern, `must be a pattern of at most ${longestPattern} characters`);
  }
  if (writtenOut(pattern) > mostInstructions) throw tooLarge(field, pattern);
  const expression = compiled(field, pattern);
  if (expression.programSize() > mostInstructions) throw tooLarge(field, pattern);
  return (text) => expression.test(text);
}

function compiled(field: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (cause) {
    const why = errorText(cause);
    throw refused(field, pattern, `must be a regular expression: ${why}`, cause);
  }
}

/**
 * What stands for itself, and what follows it: an escape, a class, a group's ends, a counted
 * repeat. Each character of a class can be read in one way only: a second one would double the time
 * for each such character of a class that does not end.
 */
const parts =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|(?!\[:\^?\w+:\])[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|[\s\S]/gu;

/**
 * About how many characters, classes and groups a pattern has once its counted repeats are written
 * out: compiling takes time for each, however soon it is refused after. Example: `(ab{3}){10}` →
 * 50.
 */
function writtenOut(pattern: string): number {
  const open: number[] = [];
  let [sum, last] = [0, 0];
  const add = (size: number) => {
    sum += size;
    last = size;
  };
  for (const [part, least, most] of pattern.matchAll(parts)) {
    if (least !== undefined) add(last * (Math.max(Number(least), Number(most ?? 0), 1) - 1));
    else if (part === '(') {
      open.push(sum);
      sum = 0;
    } else if (part === ')') {
      const inner = sum + 1;
      sum = open.pop() ?? 0;
      add(inner);
    } else add(1);
  }
  return open.reduce((total, each) => total + each, sum);
}

function tooLarge(field: string, pattern: string): ComputeError {
  return refused(field, pattern, 'is too large a pattern: use fewer or smaller repeats');
}

function refused(field: string, pattern: string, rule: string, cause?: unknown): ComputeError {
  const value = pattern.length > 80 ? `${pattern.slice(0, 77)}...` : pattern;
  return new ComputeError(
    'invalid',
    `Invalid input for query parameters ${field}. Value: ${value}. ${rule}`,
    { cause },
  );
}
