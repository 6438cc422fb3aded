/**
 * How fast the real Nova's PCI code is on the same inputs: measured in the same run, or constants.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { median, rounded } from './statistics.ts';

/** What a figure shows of its comparison with Nova. */
export interface AgainstNova {
  times_nova?: number;
  /** Where Nova's rate is from. */
  nova?: string;
}

/** Per second, by what is done. */
interface NovaRates {
  from: string;
  rates: ReadonlyMap<string, number>;
}

/** Of the data file's README: two quiet cores of another machine. */
const constants: NovaRates = {
  from: 'constant of 2026-11-23, another machine',
  rates: new Map([
    ['matches specs 1', 216_000],
    ['matches specs 16', 15_200],
    ['matches specs 64', 4_600],
    ['hosts_filtered', 16_000],
    ['claims', 1_614],
    ['xml', 10_900],
  ]),
};

let measured: NovaRates | undefined;

/**
 * Measures the Nova in this Debian tree, once for all figures. `dataFile`: its inputs. Throws with
 * the output of a Nova that cannot be measured.
 */
export function measureNova(root: string, dataFile: string): void {
  const input = gunzipSync(readFileSync(dataFile));
  const script = readFileSync(fileURLToPath(new URL('nova-rates.py', import.meta.url)), 'utf8');
  const [command, ...args] = pythonIn(root);
  const { status, stdout, stderr } = spawnSync(command ?? '', [...args, '-c', script], {
    ...{ input, encoding: 'utf8', maxBuffer: 1e8 },
    env: { ...process.env, PYTHONPATH: join(root, 'usr/lib/python3/dist-packages') },
  });
  if (status !== 0) throw new Error(`Nova in ${root} cannot be measured: ${stderr}`);
  const found = JSON.parse(stdout) as { version: string; rates: Record<string, number[]> };
  measured = {
    from: `Nova ${found.version}, same run`,
    rates: new Map(Object.entries(found.rates).map(([key, rates]) => [key, median(rates)])),
  };
}

/** The tree's own Python, where it has one that may be entered. */
function pythonIn(root: string): string[] {
  const isEnterable = process.getuid?.() === 0 && existsSync(join(root, 'usr/bin/python3'));
  return isEnterable ? ['chroot', root, 'env', '-u', 'PYTHONPATH', 'python3'] : ['python3'];
}

/**
 * The comparison of this rate with Nova's. Example: `againstNova(432_000, 'matches specs 1')` →
 * `{ times_nova: 2, nova: 'constant of …' }`; nothing where Nova's is unknown. `key` may be more
 * exact than a constant's: `hosts_filtered NAME`.
 */
export function againstNova(value: number, key: string | undefined): AgainstNova {
  if (key === undefined) return {};
  for (const { from, rates } of measured === undefined ? [constants] : [measured, constants]) {
    const rate =
      rates.get(key) ?? rates.get(key.split(' ')[0] ?? '') ?? rates.get(withoutList(key));
    if (rate !== undefined) return { times_nova: rounded(value / rate, 1), nova: from };
  }
  return {};
}

/** The constants are of both lists of entries. */
function withoutList(key: string): string {
  return key.replace('specs_sysfs', 'specs');
}
