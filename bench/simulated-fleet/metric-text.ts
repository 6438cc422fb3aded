/** Figures in the text that Prometheus reads. */

/**
 * The sum of all samples of this name that have these labels; 0: there is none. Example:
 * `sumOf('a{b="c"} 1\na{b="d"} 2', 'a', { b: 'c' })` → 1.
 */
export function sumOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const needed = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, found, given = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (found !== name) continue;
    if (needed.every((label) => given.split(',').includes(label))) sum += Number(value);
  }
  return sum;
}
