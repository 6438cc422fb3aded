/** Many claims, in rounds with a database of their own, so that each can be checked as a whole. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, startCluster } from '#test/postgres/cluster.ts';
import { freshDatabase } from '#test/postgres/database.ts';
import { runClaims } from './run-claims.ts';

export interface RoundsOptions {
  engine: 'sqlite' | 'postgresql';
  claims: number;
  processes: number;
  hosts: number;
  seed: number;
  folder: string;
  report: (line: object) => void;
}

const claimsInRound = 25_000;
const vfs = 8;
const events = { killEveryMs: 3_000, stopEveryMs: 2_000 };

/** Returns the violations of the first round that has any. */
export async function claimRounds(options: RoundsOptions): Promise<string[]> {
  const { engine, claims, processes, hosts, report } = options;
  const cluster = engine === 'postgresql' ? await startCluster() : undefined;
  const total = { claims: 0, refused: 0, kills: 0, stops: 0, seconds: 0 };
  try {
    for (let { seed } = options; total.claims < claims; seed += 1) {
      const folder = join(options.folder, `round-${seed}`);
      mkdirSync(folder);
      const place = await placeOf(cluster, folder);
      const wanted = Math.min(claimsInRound, claims - total.claims);
      const round = { claims: wanted, processes, hosts, vfs, seed, folder, ...events };
      const {
        violations: broken,
        problems,
        ...done
      } = await runClaims({ ...round, database: place.database });
      const violations = [...problems, ...broken];
      for (const [name, value] of Object.entries(done)) total[name as keyof typeof total] += value;
      report({ engine, seed, ...done, violations });
      await place.drop();
      if (violations.length > 0) return violations;
      rmSync(folder, { recursive: true });
    }
    report({ engine, processes, hosts, vfs_per_host: vfs, ...total, violations: [] });
    return [];
  } finally {
    await cluster?.stop();
  }
}

async function placeOf(cluster: Cluster | undefined, folder: string) {
  if (cluster === undefined) {
    return { database: join(folder, 'novella.sqlite'), drop: () => Promise.resolve() };
  }
  const { url: database, drop } = await freshDatabase(cluster.url('postgres'), 'empty');
  return { database, drop };
}
