/**
 * Programs of the Debian tree, run on the outside without chroot or root: by the tree's own loader
 * and libraries.
 */
import { join } from 'node:path';

/**
 * The command line of a program in the tree. Example: `inTree(tree, 'usr/bin/xorriso',
 * ['-version'])`.
 */
export function inTree(tree: string, program: string, args: string[]): string[] {
  const libraries = join(tree, 'usr/lib/x86_64-linux-gnu');
  const loader = join(libraries, 'ld-linux-x86-64.so.2');
  const path = [libraries, join(libraries, 'pulseaudio')].join(':');
  return [loader, '--library-path', path, join(tree, program), ...args];
}
