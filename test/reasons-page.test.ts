/** docs/reasons.md has every stable code that the sources give a reason, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The product's files of the rings that give reasons, without comments. */
const sources = ['core', 'workflows', 'agent'].flatMap((ring) =>
  readdirSync(join(root, 'src', ring), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(test|contract)\.ts$/.test(name))
    .map((name) => ({
      path: `${ring}/${name}`,
      text: readFileSync(join(root, 'src', ring, name), 'utf8').replaceAll(
        /\/\*[\s\S]*?\*\/|\/\/.*$/gm,
        '',
      ),
    })),
);
const allText = sources.map(({ text }) => text).join('\n');

const oneCode = "'([a-z][a-z0-9-]*)'";

/** The first group of each match in all sources. */
function found(pattern: RegExp): string[] {
  return [...allText.matchAll(pattern)].map(([, group]) => group ?? '');
}

/** Example: `hypervisorSilent` → `hypervisor-silent`. */
function constant(name: string): string {
  const [value] = found(new RegExp(`const ${name} = ${oneCode}`, 'g'));
  return value ?? `${name}, a constant that is not found`;
}

/** The codes in the sources, by the forms in which a code is written. */
function writtenCodes(): Set<string> {
  const unions = found(/\bcode:\s*\|?\s*((?:(?:'[a-z0-9-]+'|\w+\['code'\])[\s|]*)+)/g);
  const rows = found(/\breport\(\s*(?:'[^']*'|`[^`]*`),\s*('[a-z0-9-]+'|\w+)\)/g);
  const names = found(/\bcode: (?!string\b|number\b)([a-zA-Z]+),/g);
  return new Set([
    ...unions.flatMap((union) =>
      [...union.matchAll(/(?<!\[)'([a-z0-9-]+)'/g)].map(([, code]) => code),
    ),
    ...found(new RegExp(`\\b(?:refuse|reason|no)\\(\\s*${oneCode},`, 'g')),
    ...found(/\bshortage\('(\w+)'/g).map((what) => `no-${what}`),
    ...rows.map((text) => (text.startsWith("'") ? text.slice(1, -1) : constant(text))),
    ...names.map(constant),
  ]) as Set<string>;
}

const page = readFileSync(join(root, 'docs/reasons.md'), 'utf8');
const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \|(.*)\|(.*)\|$/gm)];
const documented = rows.map(([, code]) => code ?? '');

test('docs/reasons.md has every code of a reason, and no other', () => {
  const written = [...writtenCodes()].sort();
  expect(written.length).toBeGreaterThan(70);
  expect([...documented].sort()).toEqual(written);
});

test('each code has its meaning and the remedy', () => {
  const short = rows
    .filter(([, , meaning, remedy]) => meaning?.trim() === '' || remedy?.trim() === '')
    .map(([, code]) => code);
  expect(short).toEqual([]);
});

test('no code is written in a form that this test does not read', () => {
  const known =
    /^(?:'[a-z0-9-]+'|`no-\$\{what\}`|string\b|number\b|500\b|finding\.code|[a-zA-Z]+,|\||\w+\[')/;
  const unread = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\bcode:\s*(.{0,40})/g)]
      .filter(([, value]) => !known.test(value ?? ''))
      .map(([line]) => `src/${path}: ${line}`),
  );
  expect(unread).toEqual([]);
});

test('only the functions whose calls are read here pass a code on as `code`', () => {
  const makers = sources
    .filter(({ text }) => /\(\s*(?:name: string, )?code: string,/.test(text))
    .map(({ path }) => path)
    .sort();
  expect(makers).toEqual([
    'core/guests/build-guest.ts',
    'core/guests/plan/hand-over.ts',
    'core/guests/plan/plan.ts',
    'core/hosts/host-check.ts',
    'core/reason.ts',
  ]);
});
