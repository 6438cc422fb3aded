/**
 * `npm run conformance -- DIR`: plays every vector file of DIR through the product and prints where
 * it differs from the reference.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { programOptions, refuseOptions } from '#test/programs/program-options.ts';
import { playFile } from './play.ts';

const usage = 'npm run conformance [-- FOLDER]: a folder of vector files';
const [directory = join(import.meta.dirname, '..', 'vectors')] = programOptions(usage, {
  allowPositionals: true,
}).positionals;
if (!existsSync(directory)) refuseOptions(usage, `${directory}: no such folder`);
const names = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .toSorted();
const sum = { passed: 0, failed: 0 };
for (const name of names) {
  const { topic, passed, failed, unscored, notes } = await playFile(join(directory, name));
  for (const note of notes) console.log(note);
  console.log(`${topic}: ${passed} passed, ${failed} failed, ${unscored} unscored`);
  sum.passed += passed;
  sum.failed += failed;
}
if (names.length === 0) console.log(`${directory}: no vector file`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed > 0 || names.length === 0 ? 1 : 0;
