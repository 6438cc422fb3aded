/**
 * Importer: turns the text of a captured sysfs back into files and links, so that the real reader
 * can discover it.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ComputeError, errorText } from '#core/errors.ts';
import { printable, quoted } from '#core/quoted-text.ts';

/** The capture included in Novella: a host with two igb PFs (82576) of four VFs each. */
export const igbCapturePath = fileURLToPath(new URL('captures/igb-host.txt', import.meta.url));

/**
 * Writes the tree below `root` (which stands for /sys). Lines are `/sys/PATH: VALUE`, `/sys/PATH ->
 * TARGET`; a file that the kernel refused to read (`ERR …`) is left out. Throws `invalid`, naming
 * the line, for anything else, and for a path through a link of the text: all output stays below
 * `root`. Example: `/sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0/sriov_numvfs: 4`.
 */
export function writeSysfsTree(text: string, root: string): void {
  const links = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const refuse = (rule: string) =>
      new ComputeError('invalid', `sysfs capture, line ${index + 1}: ${quoted(line)} ${rule}`);
    const entry = parseLine(line);
    if (entry === undefined) throw refuse('must be "/sys/PATH: VALUE" or "/sys/PATH -> TARGET"');
    // The listing of a folder behind a link is not a file.
    if (entry.path.endsWith('iommu_group/devices') || entry.value?.startsWith('ERR ')) continue;
    if (isThroughLink(entry.path, links)) throw refuse('goes through a link');
    if (entry.target !== undefined) links.add(entry.path);
    try {
      writeEntry(join(root, entry.path), entry);
    } catch (cause) {
      const reason = errorText(cause);
      throw refuse(`cannot be written: ${printable(reason)}`);
    }
  }
}

function writeEntry(path: string, { value, target }: { value?: string; target?: string }): void {
  mkdirSync(dirname(path), { recursive: true });
  if (target === undefined) {
    writeFileSync(path, `${value}\n`);
  } else {
    rmSync(path, { force: true });
    symlinkSync(target, path);
  }
}

function isThroughLink(path: string, links: ReadonlySet<string>): boolean {
  const names = path.split('/');
  return names.some((_, at) => links.has(names.slice(0, at + 1).join('/')));
}

function parseLine(line: string): { path: string; value?: string; target?: string } | undefined {
  const link = /^\/sys\/(\S+) -> (\S+)$/.exec(line);
  const file = link ?? /^\/sys\/(\S+): (.*)$/.exec(line);
  const [, path, rest] = file ?? [];
  if (path === undefined || rest === undefined || path.split('/').includes('..')) return undefined;
  return link === null ? { path, value: rest } : { path, target: rest };
}
