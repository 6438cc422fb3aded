/** How many bytes the page costs a browser that has none of it, compressed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../dist/ui', import.meta.url));

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}

const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Record<
  string,
  Chunk
>;

const kbOf = (file: string): number => gzipSync(readFileSync(join(folder, file))).length / 1_000;
const sum = (files: Iterable<string>): number =>
  [...files].reduce((total, file) => total + kbOf(file), 0);

/** The chunk and all that it cannot do without. */
function wholeOf(key: string, found = new Set<Chunk>()): Set<Chunk> {
  const chunk = manifest[key];
  if (chunk === undefined || found.has(chunk)) return found;
  found.add(chunk);
  for (const other of chunk.imports ?? []) wholeOf(other, found);
  return found;
}

test('first load: at most 45 kB of JavaScript and 8 kB of CSS; all JavaScript: 110 kB', () => {
  const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry === true) ?? '';
  const first = [...wholeOf(entry)];
  const js = sum(first.map(({ file }) => file));
  const css = sum(new Set(first.flatMap(({ css: files = [] }) => files)));
  const scripts = Object.values(manifest).filter(({ file }) => file.endsWith('.js'));
  const all = sum(new Set(scripts.map(({ file }) => file)));
  process.stdout.write(
    `first load: ${js.toFixed(1)} kB JS, ${css.toFixed(1)} kB CSS; all: ${all.toFixed(1)} kB JS\n`,
  );
  expect(js).toBeGreaterThan(5);
  expect(js).toBeLessThanOrEqual(45);
  expect(css).toBeLessThanOrEqual(8);
  expect(all).toBeLessThanOrEqual(110);
});

test('each other page adds at most 12 kB of JavaScript', () => {
  const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry === true) ?? '';
  const first = new Set([...wholeOf(entry)].map(({ file }) => file));
  const pages = Object.keys(manifest).filter((key) => key.endsWith('-page.tsx'));
  expect(pages.length).toBeGreaterThan(2);
  const large = pages
    .map((key) => {
      const added = [...wholeOf(key)].map(({ file }) => file).filter((file) => !first.has(file));
      return [key, sum(added)] as const;
    })
    .filter(([, kb]) => kb > 12);
  expect(large).toEqual([]);
});
