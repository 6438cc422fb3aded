/** The time from the start of the process until the API is ready, on a fresh state directory. */
import { printFigure } from './figure.ts';
import { median } from './statistics.ts';
import { startNovella } from './running-novella.ts';

const runs = 5;

/** Prints `startup.ready_ms`: the median of the runs. */
export async function startup(): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const novella = await startNovella();
    times.push(novella.readyMs);
    await novella.stop();
  }
  printFigure({
    figure: 'startup.ready_ms',
    value: median(times),
    unit: 'ms',
    runs,
    min: Math.round(Math.min(...times)),
    max: Math.round(Math.max(...times)),
  });
}
