/** One measured figure, printed as one JSON line. Names do not change once published. */

/** Example: `{ figure: 'startup.ready_ms', value: 412, unit: 'ms', runs: 5 }`. */
export interface Figure {
  figure: string;
  value: number;
  unit: string;
  [detail: string]: string | number;
}

/** Prints the figure, its value rounded to three decimals. */
export function printFigure(figure: Figure): void {
  process.stdout.write(
    `${JSON.stringify({ ...figure, value: Math.round(figure.value * 1000) / 1000 })}\n`,
  );
}

/** The middle of the values; of an even number the upper middle. Throws on none. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error('median of nothing');
  return middle;
}
