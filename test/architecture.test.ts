/**
 * Checks the direction rule of ARCHITECTURE.md: which ring may import which, what the core must not
 * use, how long a file may be.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ring → rings, or folders of one, that it may import (beside itself). */
const allowed: Record<string, string[]> = {
  core: [],
  contracts: ['core'],
  runtime: ['core'],
  integrations: ['contracts', 'runtime', 'core'],
  workflows: ['contracts', 'runtime', 'core'],
  http: ['runtime', 'core'],
  api: ['http', 'workflows', 'contracts', 'client/shapes', 'runtime', 'core'],
  embedded: ['http', 'contracts', 'runtime', 'core'],
  agent: ['contracts', 'runtime', 'core'],
  client: ['runtime', 'core'],
  cli: ['client', 'runtime', 'core'],
  page: ['client/shapes', 'core'],
  programs: [
    'core',
    'contracts',
    'runtime',
    'integrations',
    'workflows',
    'http',
    'api',
    'embedded',
    'agent',
    'client',
    'cli',
  ],
};

/** A folder of sources, and how an import from anywhere names a file of it. */
interface Tree {
  folder: string;
  alias: string;
}

interface SourceFile {
  tree: Tree;
  /** Below the tree's folder. */
  path: string;
  ring: string;
  text: string;
  imports: string[];
}

/** What a file imports, imports later, or starts as a program. */
function importsIn(text: string): string[] {
  return [
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'/g,
    /import\('([^']+)'\)/g,
    /(?:^|\n)import\s+'([^']+)'/g,
    /new URL\(\s*'([^']+\.ts)',\s*import\.meta\.url,?\s*\)/g,
  ].flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
}

function readTree(tree: Tree): SourceFile[] {
  return readdirSync(tree.folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((path) => {
      const text = readFileSync(join(tree.folder, path), 'utf8');
      return { tree, path, ring: path.split('/')[0] ?? '', text, imports: importsIn(text) };
    });
}

/** The path below the tree's folder that an import names, or undefined for what is elsewhere. */
function target({ tree, path }: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith(tree.alias)) return specifier.slice(tree.alias.length);
  if (specifier.startsWith('.')) {
    return relative(tree.folder, resolve(tree.folder, dirname(path), specifier));
  }
  return undefined;
}

const files = readTree({ folder: join(root, 'src'), alias: '#' });
const support = readTree({ folder: join(root, 'test/support'), alias: '#test/' });
const product = files.filter((file) => !/\.(test|contract)\.ts$/.test(file.path));

test('every ring imports only the rings that the direction rule allows', () => {
  const wrong = product.flatMap((file) =>
    file.imports
      .map((specifier) => target(file, specifier))
      .filter((path) => path !== undefined)
      .filter((path) => {
        const ring = path.split('/')[0] ?? '';
        const isIn = (folder: string) => path.startsWith(`${folder}/`);
        return ring !== file.ring && !(allowed[file.ring] ?? []).some(isIn);
      })
      .map((path) => `src/${file.path} imports ${path}: ${file.ring} may not know it`),
  );
  expect(wrong, 'see ARCHITECTURE.md, "Direction"').toEqual([]);
});

test('integrations never import each other', () => {
  const wrong = product
    .filter((file) => file.ring === 'integrations')
    .flatMap((file) =>
      file.imports
        .map((specifier) => target(file, specifier))
        .filter((path) => path?.startsWith('integrations/'))
        .filter((path) => path?.split('/')[1] !== file.path.split('/')[1])
        .map((path) => `src/${file.path} imports ${path}`),
    );
  expect(wrong, 'give it as a contract from programs').toEqual([]);
});

/** Cycles of a graph. */
function circlesIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) circles.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return circles;
}

const importsOf = (file: SourceFile): string[] =>
  file.imports.map((specifier) => target(file, specifier)).filter((path) => path !== undefined);

test('no file imports itself in a cycle', () => {
  expect(circlesIn(new Map(product.map((file) => [file.path, importsOf(file)])))).toEqual([]);
});

/** Cycles among folders that have the same parent. `depth`: of the uppermost that are compared. */
function foldersInCircles(tree: readonly SourceFile[], depth: number): string[] {
  const edges = new Map<string, string[]>();
  for (const file of tree) {
    for (const path of importsOf(file)) {
      const [from, to] = [dirname(file.path).split('/'), dirname(path).split('/')];
      const fork = from.findIndex((name, at) => name !== to[at]);
      if (fork < depth || to.length <= fork) continue;
      if (from[fork] === '.' || [fork, 0].some((at) => ['.', '..'].includes(to[at] ?? '')))
        continue;
      const [one, other] = [from, to].map((names) => names.slice(0, fork + 1).join('/'));
      edges.set(one ?? '', [...(edges.get(one ?? '') ?? []), other ?? '']);
    }
  }
  return circlesIn(edges);
}

test('sibling folders of a ring import in one direction', () => {
  expect(foldersInCircles(product, 1)).toEqual([]);
});

test('sibling folders of test/support import in one direction', () => {
  expect(foldersInCircles(support, 0)).toEqual([]);
});

function largeFolders(tree: readonly SourceFile[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { path } of tree) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  // Migrations are a list that only grows.
  counts.delete('integrations/database/migrations');
  return [...counts].filter(([, count]) => count > 15);
}

test('no folder has more than 15 files of the product, or of test/support', () => {
  expect([...largeFolders(product), ...largeFolders(support)], 'split by noun').toEqual([]);
});

test('the core is pure: no Node module, package, clock, randomness, process or promise', () => {
  const wrong = product
    .filter((file) => file.ring === 'core')
    .flatMap((file) => {
      const code = file.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      const packages = file.imports
        .filter((specifier) => target(file, specifier) === undefined)
        .map((specifier) => `imports ${specifier}`);
      const expected = [
        ...code.matchAll(
          /\b(Date|Math\.random|process\.|console\.|async |await |Promise<|setTimeout|fetch\()/g,
        ),
      ].map((match) => `uses ${match[1]?.trim()}`);
      return [...packages, ...expected].map((what) => `src/${file.path} ${what}`);
    });
  expect(wrong, 'time, ids and randomness are arguments of the core').toEqual([]);
});

/** Package → rings that may import it. */
const packageRings: Record<string, string[]> = {
  koffi: ['integrations'],
  ws: ['integrations', 'runtime'],
  'fast-xml-parser': ['integrations'],
  kysely: ['integrations', 'programs'],
  fastify: ['http', 'api', 'embedded', 'programs'],
  'find-my-way': ['http', 'api', 'embedded'],
  commander: ['cli', 'programs'],
  jose: ['api'],
  cookie: ['api'],
  preact: ['page'],
  '@preact/signals': ['page'],
  yaml: ['client', 'cli', 'programs'],
};

test('a package is imported only where it belongs', () => {
  const wrong = product.flatMap((file) =>
    file.imports
      .filter((specifier) => packageRings[specifier]?.includes(file.ring) === false)
      .map((specifier) => `src/${file.path} imports ${specifier}`),
  );
  expect(wrong).toEqual([]);
});

test('contracts hold interfaces and names, no code', () => {
  const wrong = product
    .filter((file) => file.ring === 'contracts')
    .filter((file) => /^export (async function|function|class)/m.test(file.text))
    .map((file) => `src/${file.path}`);
  expect(wrong, 'code belongs to core or runtime').toEqual([]);
});

test('only programs read the environment', () => {
  const wrong = product
    .filter((file) => file.ring !== 'programs' && /process\.env/.test(file.text))
    .map((file) => `src/${file.path}`);
  expect(wrong).toEqual([]);
});

test('no source file is longer than 400 lines', () => {
  const long = files
    .map((file) => ({ path: file.path, lines: file.text.split('\n').length }))
    .filter(({ lines }) => lines > 400)
    .map(({ path, lines }) => `src/${path}: ${lines} lines`);
  expect(long, 'split by idea').toEqual([]);
});

/** Comments that a tool reads, and examples, are one line each. */
const isOneLine = /oxlint-disable|biome-ignore|^\s*\* `\{|^\s*\* \S+$/;

test('comments stay within 100 columns', () => {
  const long = files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, at) => ({ line, at: at + 1 }))
      .filter(({ line }) => line.length > 100 && /^\s*(\/\/|\*|\/\*)/.test(line))
      .filter(({ line }) => !isOneLine.test(line))
      .map(({ at }) => `src/${path}:${at}`),
  );
  expect(long).toEqual([]);
});

test('the tests that ARCHITECTURE.md names for its invariants exist', () => {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const section = page.slice(page.indexOf('## Invariants'), page.indexOf('## Where it runs'));
  const rows = section.split('\n').filter((line) => /^\| [A-Z]/.test(line));
  const named = [...section.matchAll(/`((?:src|test)\/[\w/.-]+\.ts)`/g)].map((match) => match[1]);
  expect(rows.filter((row) => !/\| (`.*`|by review) \|$/.test(row))).toEqual([]);
  expect(rows.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(root, path ?? '')))).toEqual([]);
  expect(named.filter((path) => !/\.(test|contract)\.ts$/.test(path ?? ''))).toEqual([]);
});

test('no drawer: names say the idea', () => {
  const drawers = files
    .map((file) => file.path)
    .filter((path) => /(^|\/)(utils?|common|lib|helpers?|misc|types)(\/|\.ts$)/.test(path));
  expect(drawers).toEqual([]);
});
