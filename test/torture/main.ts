/**
 * `npm run torture -- kills [--kills N] [--seed S] [--keep]`: kills Novella N times under load and
 * checks that nothing was lost. Prints one JSON line per kill and a summary; ends with 1, the seed
 * and the kept files where a check fails. The seed chooses what the load does and when it is
 * killed; how far Novella is by then differs from run to run.
 *
 * `npm run torture -- cluster [--faults N] [--controllers C] [--hosts H] [--seed S]`: several
 * controllers over one PostgreSQL under load, while processes are killed and paused, links are cut
 * and clocks jump.
 *
 * `npm run torture -- claims [--claims N] [--processes P] [--hosts H] [--engine E] [--seed S]`:
 * processes that race for devices over one database, some of them killed or paused, and a check of
 * everything they committed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareText } from '#core/compare-text.ts';
import { memoryFolder } from '#test/memory-folder.ts';
import { countOption, programOptions, refuseOptions } from '#test/programs/program-options.ts';
import { writeBundle } from '../../bundle/write-bundle.ts';
import type { Ledger } from './load/ledger.ts';

const usage = `npm run torture -- kills [--kills N] [--seed S] [--keep]
       npm run torture -- cluster [--faults N] [--controllers C] [--hosts H] [--seed S] [--keep]
       npm run torture -- claims [--claims N] [--processes P] [--hosts H]
                                 [--engine sqlite|postgresql] [--seed S] [--keep]`;
const { values, positionals } = programOptions(usage, {
  options: {
    kills: { type: 'string', default: '100' },
    faults: { type: 'string', default: '60' },
    controllers: { type: 'string', default: '3' },
    claims: { type: 'string', default: '10000' },
    processes: { type: 'string', default: '4' },
    hosts: { type: 'string' },
    engine: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
type Amount = 'kills' | 'faults' | 'controllers' | 'claims' | 'processes' | 'hosts' | 'seed';
// oxlint-disable-next-line max-params -- the name is the whole option
const count = (name: Amount, standard = '') =>
  countOption(usage, { name, value: values[name] ?? standard });

const report = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const folder = mkdtempSync(join(memoryFolder(), 'novella-torture-'));
const violations = await run();
if (violations.length === 0 && !values.keep) rmSync(folder, { recursive: true });
else process.stderr.write(`torture: the files of this run, with its logs, are in ${folder}\n`);
if (violations.length > 0) {
  process.stderr.write(`torture: ${violations.length} violations with --seed ${values.seed}\n`);
  process.exitCode = 1;
}

async function run(): Promise<string[]> {
  const [group = '', ...more] = positionals;
  if (more.length === 0 && group === 'kills') return kills();
  if (more.length === 0 && group === 'claims') return claims();
  if (more.length === 0 && group === 'cluster') return cluster();
  return refuseOptions(usage, 'name one group: "kills", "claims" or "cluster"');
}

async function kills(): Promise<string[]> {
  const bundle = fileURLToPath(new URL('../../node_modules/.cache/torture', import.meta.url));
  await writeBundle(bundle, { novella: 'src/programs/main.ts' });
  const program = [join(bundle, 'novella.mjs')];
  const options = { kills: count('kills'), seed: count('seed') };
  const { runKills } = await import('./kills.ts');
  return summed(options, () => runKills({ ...options, folder, program, report }));
}

async function cluster(): Promise<string[]> {
  const bundle = fileURLToPath(new URL('../../node_modules/.cache/torture', import.meta.url));
  const agent = 'test/torture/counting-agent.ts';
  await writeBundle(bundle, { novella: 'src/programs/main.ts', agent });
  // Before the modules that start processes are loaded.
  process.env['NOVELLA_STARTER'] = join(bundle, 'novella.mjs');
  const agentCommand: [string, string] = [process.execPath, join(bundle, 'agent.mjs')];
  const { runCluster } = await import('./cluster/run-cluster.ts');
  const { startCluster } = await import('#test/postgres/cluster.ts');
  const options = {
    faults: count('faults'),
    controllers: count('controllers'),
    seed: count('seed'),
  };
  const hosts = Array.from({ length: count('hosts', '4') }, (_, at) => `hv${at + 1}`);
  const postgres = await startCluster();
  try {
    return await summed({ ...options, hosts: hosts.length }, () =>
      runCluster({ ...options, hosts, postgres, folder, agentCommand, report, restEvery: 10 }),
    );
  } finally {
    await postgres.stop();
  }
}

/** Reports how a run ended; its violations. */
async function summed(
  options: object,
  run: () => Promise<{ violations: string[]; ledger: Ledger }>,
): Promise<string[]> {
  const began = Date.now();
  const { violations: found, ledger } = await run();
  report({
    ...options,
    seconds: Math.round((Date.now() - began) / 1_000),
    answers: Object.fromEntries(
      [...ledger.answers].toSorted(([one], [other]) => compareText(one, other)),
    ),
    violations: found,
  });
  return found;
}

async function claims(): Promise<string[]> {
  const { engine } = values;
  if (engine !== 'sqlite' && engine !== 'postgresql') {
    return refuseOptions(usage, '--engine: must be sqlite or postgresql');
  }
  const amounts = {
    claims: count('claims'),
    processes: count('processes'),
    hosts: count('hosts', '64'),
  };
  const { claimRounds } = await import('./claims/claim-rounds.ts');
  return claimRounds({ ...amounts, engine, seed: count('seed'), folder, report });
}
