/** The file that starts Novella in a process of its own. */
import { fileURLToPath } from 'node:url';

/** The scenarios' bundle if it exists (`bundled-novella.ts`), else what users start. */
export const starter =
  process.env['NOVELLA_STARTER'] ??
  fileURLToPath(new URL('../../../bin/novella.mjs', import.meta.url));
