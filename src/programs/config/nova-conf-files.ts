/** The nova.conf files, or folders of them, that a user names. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ComputeError } from '#core/errors.ts';
import { type NovaConf, readNovaConf } from '#integrations/nova-conf/nova-conf.ts';
import { readTextFile } from './text-file.ts';

/**
 * All of them merged, in the order given; a folder means its `*.conf` files in the order of their
 * names, as with Nova's `--config-dir`. Example: `['nova.conf', 'nova.conf.d']`. Throws `invalid`
 * naming what cannot be read, or file, line and rule.
 */
export function readNovaConfFiles(paths: readonly string[]): NovaConf {
  const files = paths.flatMap(filesOf);
  return readNovaConf(files.map((file) => ({ file, text: readTextFile(file) })));
}

function filesOf(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const names = readdirSync(path).filter((name) => /^[^.].*\.conf$/.test(name));
  if (names.length > 0) return names.sort().map((name) => join(path, name));
  throw new ComputeError('invalid', `${path}: is a folder without *.conf files`);
}
