/**
 * Does a value satisfy what an extra spec requires? Source: Nova `extra_specs_ops`, as in its
 * documentation of the filter `AggregateInstanceExtraSpecsFilter`.
 */

type Operator = (value: string, first: string, words: readonly string[]) => boolean;

const numbers =
  (compare: (value: number, required: number) => boolean): Operator =>
  (value, first) => {
    const [one, other] = [numberOf(value), numberOf(first)];
    return !Number.isNaN(one) && !Number.isNaN(other) && compare(one, other);
  };

/** The first word of a requirement; `=` requires at least that number. */
const operators: Record<string, Operator> = {
  '=': numbers((value, required) => value >= required),
  '==': numbers((value, required) => value === required),
  '!=': numbers((value, required) => value !== required),
  '>=': numbers((value, required) => value >= required),
  '<=': numbers((value, required) => value <= required),
  's==': (value, first) => value === first,
  's!=': (value, first) => value !== first,
  's<': (value, first) => value < first,
  's<=': (value, first) => value <= first,
  's>': (value, first) => value > first,
  's>=': (value, first) => value >= first,
  '<in>': (value, first) => value.includes(first),
  '<all-in>': (value, _first, words) => words.every((word) => value.includes(word)),
  '<or>': (value, _first, words) => words.some((word, at) => at % 2 === 0 && word === value),
};

/**
 * Without an operator the texts must be equal; an operator without a word is never satisfied.
 * Examples: `matches('12', '>= 10')`; `matches('fast', '<or> slow <or> fast')`; `matches('true',
 * 'true')`.
 */
export function matchesSpec(value: string, required: string): boolean {
  const [first = '', ...words] = required.split(/\s+/).filter((word) => word !== '');
  const operator = Object.hasOwn(operators, first) ? operators[first] : undefined;
  if (operator === undefined) return value === required;
  const [word] = words;
  return word !== undefined && operator(value, word, words);
}

/** NaN where the text is not a number. */
function numberOf(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
}
