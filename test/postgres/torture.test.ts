/** A short part of `npm run torture -- cluster`, with a PostgreSQL of its own to kill. */
import { expect, test } from 'vitest';
import { startCluster } from '#test/postgres/cluster.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { runCluster } from '../torture/cluster/run-cluster.ts';

const seed = 5;
const hosts = ['hv1', 'hv2', 'hv3'];

test(`processes are killed, links cut and clocks set: nothing is lost or given twice (seed ${seed})`, async () => {
  const folder = temporaryDirectory();
  const postgres = await startCluster();
  const lines: Record<string, unknown>[] = [];
  try {
    const { violations, ledger } = await runCluster({
      ...{ postgres, hosts, seed, folder: folder.path },
      ...{ controllers: 2, faults: 8, restEvery: 8 },
      report: (line) => void lines.push(line),
    });
    expect(violations).toEqual([]);
    // Both rests were reached, and there was a load.
    expect(lines.filter((line) => 'settle_ms' in line)).toHaveLength(2);
    expect(ledger.answers.get('boot 202')).toBeGreaterThan(5);
  } finally {
    await postgres.stop();
    folder.remove();
  }
}, 240_000);
