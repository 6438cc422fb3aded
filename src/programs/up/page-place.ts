/** Where the page is: its files, and its address. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where `npm ci` puts it: in the package that this file, or the bundle that has it, is in. */
export const pageFolder = join(packageOf(import.meta.dirname), 'dist', 'ui');

function packageOf(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder;
  return packageOf(dirname(folder));
}

/** Example: `http://127.0.0.1:8774/v2.1` → `http://127.0.0.1:8774/ui/`. */
export function pageUrl(computeUrl: string): string {
  return new URL('ui/', computeUrl).href;
}
