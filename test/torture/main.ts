/**
 * `npm run torture -- kills [--kills N] [--seed S] [--keep]`: kills Novella N times under load and
 * checks that nothing was lost. Prints one JSON line per kill and a summary; ends with 1, the seed
 * and the kept files where a check fails. The seed chooses what the load does and when it is
 * killed; how far Novella is by then differs from run to run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareText } from '#core/compare-text.ts';
import { countOption, programOptions, refuseOptions } from '#test/programs/program-options.ts';
import { writeBundle } from '../../bundle/write-bundle.ts';
import { runKills } from './kills.ts';

const usage = 'npm run torture -- kills [--kills N] [--seed S] [--keep]';
const { values, positionals } = programOptions(usage, {
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (positionals.join() !== 'kills') refuseOptions(usage, 'the only group is "kills"');
const kills = countOption(usage, { name: 'kills', value: values.kills });
const seed = countOption(usage, { name: 'seed', value: values.seed });

const report = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const folder = mkdtempSync(join(tmpdir(), 'novella-torture-'));
const bundle = fileURLToPath(new URL('../../node_modules/.cache/torture', import.meta.url));
await writeBundle(bundle, { novella: 'src/programs/main.ts' });
const began = Date.now();
const program = [join(bundle, 'novella.mjs')];
const { violations, ledger } = await runKills({ kills, seed, folder, program, report });
report({
  ...{ kills, seed, seconds: Math.round((Date.now() - began) / 1_000) },
  answers: Object.fromEntries(
    [...ledger.answers].toSorted(([one], [other]) => compareText(one, other)),
  ),
  violations,
});
if (violations.length === 0 && !values.keep) rmSync(folder, { recursive: true });
else process.stderr.write(`torture: the files of this run, with its logs, are in ${folder}\n`);
if (violations.length > 0) {
  process.stderr.write(`torture: ${violations.length} violations with --seed ${seed}\n`);
  process.exitCode = 1;
}
