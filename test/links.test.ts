/** Links between the documents: every file and every heading that a link names exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'test/vectors/README.md',
  'test/vectors/seed-coverage.md',
  'bench/README.md',
];

/** Without code, where brackets are not links. */
function proseOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''));
}

/** As GitHub makes them. Example: `## TLS, and how` → `tls-and-how`. */
function anchorsOf(file: string): Set<string> {
  const headings = proseOf(file).matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function brokenLinksOf(file: string): string[] {
  const links = proseOf(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g);
  return [...links].flatMap(([, link = '']) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : relative(root, join(root, dirname(file), path));
    if (!existsSync(join(root, target))) return [`${link}: no such file`];
    if (anchor === undefined || anchorsOf(target).has(anchor)) return [];
    return [`${link}: no such heading`];
  });
}

test.each(documents)('the links of %s resolve', (file) => {
  expect(brokenLinksOf(file)).toEqual([]);
});
