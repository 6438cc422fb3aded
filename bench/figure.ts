/** One measured figure, printed as one JSON line. Names do not change once published. */
import { rounded } from './statistics.ts';

/** Example: `{ figure: 'startup.ready_ms', value: 412, unit: 'ms', runs: 5 }`. */
export interface Figure {
  figure: string;
  value: number;
  unit: string;
  [detail: string]: string | number;
}

/** Prints the figure, its value rounded to three decimals. */
export function printFigure(figure: Figure): void {
  process.stdout.write(`${JSON.stringify({ ...figure, value: rounded(figure.value) })}\n`);
}
