/** The same figures of two programs, measured in turns. */
import { median, ratios, rounded } from './statistics.ts';

export interface MeasuredFigure {
  figure: string;
  value: number;
  unit: string;
  [detail: string]: string | number;
}

/**
 * One figure of both. `ratio`: after divided by before, the median of the rounds, between `least`
 * and `most`.
 */
export interface Comparison {
  figure: string;
  unit: string;
  before: number;
  after: number;
  ratio: number;
  least: number;
  most: number;
  rounds: number;
  [detail: string]: string | number;
}

/** Details that were measured; all others name what was measured. */
const measured = new Set([
  ...['value', 'min', 'max', 'least', 'most', 'load', 'kib', 'servers', 'p50_ms', 'p99_ms'],
  ...['of_commits', 'times_nova', 'nova', 'nova_value', 'passing', 'admitted', 'runs'],
]);

/** One line for each figure that every round of both has. */
export function comparisons(
  before: readonly MeasuredFigure[][],
  after: readonly MeasuredFigure[][],
): Comparison[] {
  const [named = []] = after;
  return named.flatMap((figure) => {
    const key = keyOf(figure);
    const first = valuesOf(before, key);
    const second = valuesOf(after, key);
    if (first.length < before.length || second.length < after.length) return [];
    const each = ratios(second, first);
    return [
      {
        ...namesOf(figure),
        figure: figure.figure,
        unit: figure.unit,
        before: median(first),
        after: median(second),
        ratio: rounded(median(each)),
        least: rounded(Math.min(...each)),
        most: rounded(Math.max(...each)),
        rounds: each.length,
      },
    ];
  });
}

function valuesOf(rounds: readonly MeasuredFigure[][], key: string): number[] {
  return rounds.flatMap((round) => round.find((one) => keyOf(one) === key)?.value ?? []);
}

function namesOf(figure: MeasuredFigure): Record<string, string | number> {
  return Object.fromEntries(Object.entries(figure).filter(([name]) => !measured.has(name)));
}

function keyOf(figure: MeasuredFigure): string {
  return JSON.stringify(
    Object.entries(namesOf(figure)).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}
