/** Processes that race for devices break no rule; with a planted fault, the check finds it. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { type Fault, faults } from './claims/entry.ts';
import { runClaims } from './claims/run-claims.ts';

let folder: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder.remove());

const place = () => ({ database: join(folder.path, 'novella.sqlite'), folder: folder.path });
const few = { claims: 400, processes: 3, hosts: 3, vfs: 3 };

test('no device is given twice, whoever is killed or paused', async () => {
  const events = { killEveryMs: 700, stopEveryMs: 900 };
  const result = await runClaims({ ...place(), ...few, seed: 1, ...events });
  expect([...result.problems, ...result.violations]).toEqual([]);
  expect(result.claims).toBeGreaterThanOrEqual(few.claims);
}, 120_000);

/** A rule that each fault breaks. */
const broken: Record<Fault, RegExp> = {
  'stale-generation': /^\S+: claim for \S+: \S+ went from /,
  'lost-lease': /holds .* and |its holder is on /,
  'double-release': /^\S+: release for \S+: \S+ went from /,
  'stale-report': /^\S+: report for .*: \S+ went from /,
};

test.each(faults)(
  'the planted fault %s is found',
  async (fault) => {
    const result = await runClaims({ ...place(), ...few, seed: 1, fault });
    expect(result.violations).toContainEqual(expect.stringMatching(broken[fault]));
  },
  120_000,
);
