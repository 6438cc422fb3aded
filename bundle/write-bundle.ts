/**
 * Programs of this project as a few files each, which start in a third of the time that 1,700
 * modules take.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes one file `NAME.mjs` for each entry, and what they share, into an emptied folder. The
 * package `koffi` stays outside: it finds its native file by its own place.
 *
 * Example: `await writeBundle('dist', { novella: 'src/programs/main.ts' })` → `dist/novella.mjs`.
 */
export async function writeBundle(folder: string, input: Record<string, string>): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const bundle = await rolldown({ cwd: root, platform: 'node', external: ['koffi'], input });
  await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
  });
  // A simulated machine is made from it; the code reads it from beside itself.
  cpSync(join(root, 'src/integrations/simulated/machine/captures'), join(folder, 'captures'), {
    recursive: true,
  });
}
