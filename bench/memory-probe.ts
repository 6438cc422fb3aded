/** Loaded into a measured Novella: reports its memory once all that can be collected is. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface MemoryAnswer {
  /** Live objects of JavaScript. */
  heapMib: number;
  /** Of buffers and other objects outside of that heap. */
  externalMib: number;
  residentMib: number;
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as (how: object) => void;
/** Also returns the memory that is free to the system. */
const collect = () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });

process.on('message', () => void answer());
process.channel?.unref();

async function answer(): Promise<void> {
  // What one collection finalizes, the next one frees.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const mib = (bytes: number) => bytes / 2 ** 20;
  const found: MemoryAnswer = {
    heapMib: mib(heapUsed),
    externalMib: mib(external),
    residentMib: mib(rss),
  };
  process.send?.(found);
}
