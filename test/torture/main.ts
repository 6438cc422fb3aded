/**
 * `npm run torture -- kills [--kills N] [--seed S] [--keep]`: kills Novella N times under load and
 * checks that nothing was lost. Prints one JSON line per kill and a summary; ends with 1, the seed
 * and the kept files where a check fails. The seed chooses what the load does and when it is
 * killed; how far Novella is by then differs from run to run.
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
import { claimRounds } from './claims/claim-rounds.ts';
import { runKills } from './kills.ts';

const usage = `npm run torture -- kills [--kills N] [--seed S] [--keep]
       npm run torture -- claims [--claims N] [--processes P] [--hosts H]
                                 [--engine sqlite|postgresql] [--seed S] [--keep]`;
const { values, positionals } = programOptions(usage, {
  options: {
    kills: { type: 'string', default: '100' },
    claims: { type: 'string', default: '10000' },
    processes: { type: 'string', default: '4' },
    hosts: { type: 'string', default: '64' },
    engine: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const count = (name: 'kills' | 'claims' | 'processes' | 'hosts' | 'seed') =>
  countOption(usage, { name, value: values[name] });

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
  return refuseOptions(usage, 'name one group: "kills" or "claims"');
}

async function kills(): Promise<string[]> {
  const bundle = fileURLToPath(new URL('../../node_modules/.cache/torture', import.meta.url));
  await writeBundle(bundle, { novella: 'src/programs/main.ts' });
  const began = Date.now();
  const program = [join(bundle, 'novella.mjs')];
  const options = { kills: count('kills'), seed: count('seed') };
  const { violations: found, ledger } = await runKills({ ...options, folder, program, report });
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
  const amounts = { claims: count('claims'), processes: count('processes'), hosts: count('hosts') };
  return claimRounds({ ...amounts, engine, seed: count('seed'), folder, report });
}
