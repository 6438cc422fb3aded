/**
 * The shape of a conformance topic: one file per topic exports one. Knows cases and outcomes; the
 * files are read by main.ts.
 */

/**
 * One recorded behaviour. `input` and `expect` have the form that the notes of the topic's file
 * describe.
 */
export interface VectorCase {
  id: string;
  since: string;
  eras: string[];
  input: Record<string, unknown>;
  expect: Record<string, unknown>;
  /** Other correct answers, same form as `expect`. */
  accept?: Record<string, unknown>[];
  quirk?: boolean;
  ambiguous?: boolean;
  order_sensitive?: boolean;
  notes?: string;
}

/**
 * `better`: the product finds an answer where the reference gives up; listed apart, reviewed by
 * hand.
 */
export type CaseOutcome =
  | { kind: 'passed' }
  | { kind: 'failed'; why: string }
  | { kind: 'better'; how: string };

/**
 * Runs the cases of one topic through the product's code. A `run` that throws counts as failed with
 * the error's message, so a runner catches only what a case expects. Export it from
 * `test/conformance/topics/<topic>.ts` and add it to `topics.ts`. Example: `export const vifXml:
 * Topic = { name: 'vif_xml', run: (testCase) => judge(testCase.expect['xml'], actual) }`.
 */
export interface Topic {
  /** As in the file's `topic` field. Example: `vif_xml`. */
  name: string;
  run(testCase: VectorCase): CaseOutcome | Promise<CaseOutcome>;
}

/** A passed outcome. */
export const passed: CaseOutcome = { kind: 'passed' };

/** A failed outcome. Example: `failed('expected a refusal, got 2 requests')`. */
export function failed(why: string): CaseOutcome {
  return { kind: 'failed', why };
}

/**
 * Passed when both are equal, whatever the order of object keys; else failed with the first place
 * that differs.
 */
export function judge(expected: unknown, actual: unknown): CaseOutcome {
  const where = firstDifference(expected, actual, '');
  return where === undefined ? passed : failed(where);
}

/**
 * The first place where two JSON values differ, or undefined. Absent and undefined are equal; order
 * in lists counts. Example: `steps[0].count: expected 2, got 1`.
 */
export function firstDifference(
  expected: unknown,
  actual: unknown,
  at: string,
): string | undefined {
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return firstOf([...keys].sort(), (key) =>
      firstDifference(expected[key], actual[key], at === '' ? key : `${at}.${key}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return firstOf([...expected.keys()], (index) =>
      firstDifference(expected[index], actual[index], `${at}[${index}]`),
    );
  }
  if (expected === actual) return undefined;
  return `${at}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}

function firstOf<T>(items: T[], pick: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = pick(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
