/** Where `npm ci` puts the page. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** In the package that this file, or the bundle that has it, is in. */
export const pageFolder = join(packageOf(import.meta.dirname), 'dist', 'ui');

function packageOf(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder;
  return packageOf(dirname(folder));
}
