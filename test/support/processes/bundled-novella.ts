/**
 * Setup of the scenarios: they start some ninety processes, and half of a start from the sources is
 * the loading of modules. `new-user.test.ts` and all stages beyond `npm test` start the sources.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBundle } from '../../../bundle/write-bundle.ts';

const folder = fileURLToPath(
  new URL('../../../node_modules/.cache/novella-bundle', import.meta.url),
);

export async function setup(): Promise<void> {
  await writeBundle(folder, { novella: 'src/programs/main.ts' });
  process.env['NOVELLA_STARTER'] = join(folder, 'novella.mjs');
}
