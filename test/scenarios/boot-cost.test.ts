/** What a boot costs at the database, which does not depend on the machine. */
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

const boots = 5;

let stateDir = '';

scenario(
  'a boot with a direct port runs at most 34 statements, 3 of them commits',
  async (cloud) => {
    const network = await cloud.network('red');
    const ports: string[] = [];
    for (let at = 0; at <= boots; at += 1) ports.push(await cloud.port(network, 'direct'));
    // Watched in the file: requests of a client that polls would count too.
    const file = new DatabaseSync(join(stateDir, 'novella.sqlite'), { readOnly: true });
    const state = file.prepare('select vm_state, task_state from instances where uuid = ?');
    const boot = async (port: string | undefined) => {
      const id = await cloud.boot([{ port }]);
      const isReady = () => state.get(id)?.['vm_state'] === 'active';
      await expect.poll(isReady, { timeout: 20_000, interval: 5 }).toBe(true);
    };
    await boot(ports[0]);
    const all = vi.spyOn(StatementSync.prototype, 'all');
    const run = vi.spyOn(StatementSync.prototype, 'run');
    try {
      const costs: { statements: number; commits: number }[] = [];
      for (const port of ports.slice(1)) {
        all.mockClear();
        run.mockClear();
        await boot(port);
        const statements = [...all.mock.contexts, ...run.mock.contexts] as StatementSync[];
        const commits = statements.filter((statement) => statement.sourceSQL === 'commit');
        costs.push({ statements: statements.length, commits: commits.length });
      }
      // Periodic work falls into some of them.
      const median = (values: number[]) => values.toSorted((a, b) => a - b)[(boots - 1) / 2];
      // Flavors and images are listed by the test's client, which takes 5.
      expect(median(costs.map(({ statements }) => statements))).toBeLessThanOrEqual(34 + 5);
      expect(median(costs.map(({ commits }) => commits))).toBeLessThanOrEqual(3);
    } finally {
      vi.restoreAllMocks();
      file.close();
    }
  },
  (config) => {
    stateDir = config.stateDir;
    return config;
  },
);
