/** What a start of `novella` loads: a command's modules when it runs, and no others. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { version } from './version.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes each loaded file's address to standard error. */
const hook = `
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) writeSync(2, 'loaded ' + url + '\\n');
    return next(url, context);
  },
});`;

/** Files that `novella ARGS` loads, by their path in the project. */
function loadedBy(...args: string[]): string[] {
  const started = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, 'bin/novella.mjs', ...args],
    { cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: '/nonexistent' } },
  );
  const prefix = `loaded file://${root}`;
  return started.stderr
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

/** Example: `node_modules/yaml/dist/index.js` → `yaml`. */
function packagesIn(files: readonly string[]): Set<string> {
  return new Set(files.flatMap((file) => /^node_modules\/([^/]+)/.exec(file)?.[1] ?? []));
}

test.each(['--version', '-V'])('novella %s loads the starting file only', (option) => {
  expect(loadedBy(option)).toEqual(['bin/novella.mjs']);
});

test.each([['--help'], ['explain', '--help'], ['help', 'pci', 'check']])(
  'help loads the options of all commands and the modules of none: %j',
  (...args) => {
    const loaded = loadedBy(...args);
    expect(packagesIn(loaded)).toEqual(new Set(['commander']));
    expect(
      loaded.filter((file) => /^src\/(?!(?:cli|programs|core)\/)|pci-check\.ts/.test(file)),
    ).toEqual(['src/client/cloud/cloud-credentials.ts']);
  },
);

test('a command loads no module of another command', () => {
  const loaded = loadedBy('explain', 'web');
  expect(loaded).toContain('src/client/cloud/clouds-yaml.ts');
  expect(loaded.filter((file) => /src\/cli\/(?:register|pci\/pci-check\.ts)/.test(file))).toEqual(
    [],
  );
});

test('the command in node_modules/.bin starts, with its version, from any folder', () => {
  const printed = execFileSync(join(root, 'bin/novella'), ['--version'], {
    cwd: '/',
    encoding: 'utf8',
  });
  expect(printed).toBe(`${version}\n`);
  const { bin } = JSON.parse(readFileSync(join(root, 'bin/package.json'), 'utf8'));
  expect(bin).toEqual({ novella: 'novella' });
});
