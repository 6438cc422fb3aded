/** Many claims, in rounds with a database of their own, so that each can be checked as a whole. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, startCluster } from '#test/postgres/cluster.ts';
import { freshDatabase } from '#test/postgres/database.ts';
import { type Amounts, runClaims } from './run-claims.ts';

export interface RoundsOptions {
  engine: 'sqlite' | 'postgresql';
  claims: number;
  processes: number;
  hosts: number;
  seed: number;
  folder: string;
  report: (line: object) => void;
}

const claimsInRound = 50_000;
const vfs = 8;
const events = { killEveryMs: 10_000, stopEveryMs: 5_000 };

/** Returns the violations of the first round that has any. */
export async function claimRounds(options: RoundsOptions): Promise<string[]> {
  const { engine, claims, processes, hosts, seed, report } = options;
  const cluster = engine === 'postgresql' ? await startCluster() : undefined;
  const total = { claims: 0, refused: 0, kills: 0, stops: 0, seconds: 0 };
  const violations: string[] = [];
  try {
    for (let at = 0; total.claims < claims && violations.length === 0; at += 1) {
      const folder = join(options.folder, `round-${at + 1}`);
      mkdirSync(folder);
      const place = await placeOf(cluster, folder);
      const {
        violations: broken,
        problems,
        ...done
      } = await runClaims({
        ...{ processes, hosts, vfs, folder, ...events },
        seed: seed + at,
        claims: Math.min(claimsInRound, claims - total.claims),
        database: place.database,
        report: (now) => report({ engine, seed: seed + at, ...sum(total, now), of: claims }),
      });
      Object.assign(total, sum(total, done));
      violations.push(...problems, ...broken);
      report({ engine, seed: seed + at, ...done, violations: violations.length });
      await place.drop();
      if (violations.length === 0) rmSync(folder, { recursive: true });
    }
    report({ engine, seed, processes, hosts, vfs_per_host: vfs, ...total, violations });
    return violations;
  } finally {
    await cluster?.stop();
  }
}

function sum(one: Amounts, other: Amounts): Amounts {
  return {
    claims: one.claims + other.claims,
    refused: one.refused + other.refused,
    kills: one.kills + other.kills,
    stops: one.stops + other.stops,
    seconds: Math.round((one.seconds + other.seconds) * 10) / 10,
  };
}

async function placeOf(cluster: Cluster | undefined, folder: string) {
  if (cluster === undefined) {
    return { database: join(folder, 'novella.sqlite'), drop: () => Promise.resolve() };
  }
  const { url: database, drop } = await freshDatabase(cluster.url('postgres'), 'empty');
  return { database, drop };
}
