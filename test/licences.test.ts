/** What the program consists of, and under which licences. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { billOfMaterials } from '#test/programs/bill-of-materials.ts';
import { expect, test } from 'vitest';
import { skipTitle } from '#test/skip-title.ts';

interface LockedPackage {
  version?: string;
  license?: string;
  dev?: true;
  link?: true;
}

const jsonOf = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const packages: Record<string, LockedPackage> = jsonOf('../package-lock.json').packages;

/** Those that may be distributed with a program under Apache-2.0; MPL-2.0: as they are. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-3-Clause',
  '(BSD-3-Clause OR GPL-2.0)',
  'ISC',
  'MIT',
  'MPL-2.0',
]);

test('each package that the program needs has a licence that we allow', () => {
  const needed = Object.entries(packages).filter(([, { dev, link }]) => !dev && !link);
  expect(needed.length).toBeGreaterThan(50);
  const others = needed.filter(([, { license = 'none' }]) => !allowed.has(license));
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test('the command has the version of the program', () => {
  expect(jsonOf('../bin/package.json').version).toBe(jsonOf('../package.json').version);
});

const npm = Number(execFileSync('npm', ['--version'], { encoding: 'utf8' }).split('.')[0]);
const hasSbom = npm >= 10;

test.skipIf(!hasSbom)(
  skipTitle('the bill of materials has exactly these packages', hasSbom, `npm ${npm} has no sbom`),
  () => {
    const { bomFormat, components } = billOfMaterials(
      fileURLToPath(new URL('..', import.meta.url)),
    );
    expect(bomFormat).toBe('CycloneDX');
    const expected = Object.entries(packages)
      .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
      .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);
    const listed = components
      .map(({ purl }) => decodeURIComponent(purl.replace('pkg:npm/', '')))
      .filter((name) => !name.startsWith('novella-command@'));
    expect(new Set(listed)).toEqual(new Set(expected));
    expect(components.filter(({ licenses }) => licenses === undefined)).toEqual([]);
  },
);
