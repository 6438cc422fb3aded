/** Which of Tempest's tests a run consists of. */

/** A test as Tempest lists it. Example: `tempest.api.compute.x.Y.test_z[id-6c0a0990,smoke]`. */
export type TestId = string;

/**
 * The tests of these entries, in their order, each once. An entry is a test, a class, a module or a
 * package, with or without the tags in brackets, which differ between versions of Tempest. Throws
 * where an entry names no test.
 */
export function selectTests(entries: readonly string[], known: readonly TestId[]): TestId[] {
  const chosen = new Set<TestId>();
  const unknown: string[] = [];
  for (const entry of entries) {
    const found = matching([entry], known);
    if (found.length === 0) unknown.push(entry);
    for (const id of found) chosen.add(id);
  }
  if (unknown.length > 0) throw new Error(`Tempest has no test ${unknown.join(', ')}`);
  return [...chosen];
}

/** Those of the tests that an entry names. */
export function matching(entries: readonly string[], tests: readonly TestId[]): TestId[] {
  const names = entries.map(nameOf);
  return tests.filter((id) => names.some((name) => id.startsWith(name) && isEnd(id[name.length])));
}

/** The entries of a list: one a line; a line that starts with `#` is a comment. */
export function entriesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Without the tags. */
export const nameOf = (id: TestId): string => id.replace(/\[.*$/, '');

/** Example: `tempest.api.compute.x.Y`. */
export const classOf = (id: TestId): string => nameOf(id).replace(/\.[^.]*$/, '');

const isEnd = (next: string | undefined) => next === undefined || next === '.' || next === '[';
