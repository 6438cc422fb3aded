import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname } from 'node:path';
import { skipTitle } from '#test/skip-title.ts';
import { expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { whyUnusable } from './unusable-file.ts';

const source = stripTypeScriptTypes(
  readFileSync(new URL('./unusable-file.ts', import.meta.url), 'utf8'),
);
const isRoot = process.getuid?.() === 0;
const unprivileged = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** What an unprivileged user gets as an error; root may do everything. */
function messages(path: string): string {
  const code = `${source.replaceAll('export ', '')}\nconsole.log(whyUnusable(process.argv[1]) ?? 'usable');`;
  const args = ['--input-type=module', '-e', code, path];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    ...unprivileged,
    cwd: '/',
    encoding: 'utf8',
  });
  return stdout.trim() || stderr;
}

/** Can that user run our Node at all? Not where the project lies in root's home. */
const canAsk = spawnSync(process.execPath, ['-e', ''], { ...unprivileged, cwd: '/' }).status === 0;

function aFile(): string {
  const path = freshFile('x.sqlite');
  chmodSync(dirname(path), 0o777);
  writeFileSync(path, '', { mode: 0o666 });
  chmodSync(path, 0o666);
  return path;
}

test('usable paths, and paths that are not a file or have no folder', () => {
  const path = aFile();
  expect(whyUnusable(path)).toBeUndefined();
  expect(whyUnusable(`${path}-new`)).toBeUndefined();
  mkdirSync(`${path}.d`);
  expect(whyUnusable(`${path}.d`)).toBe(`${path}.d is not a file`);
  expect(whyUnusable('/nowhere/x.sqlite')).toBe('/nowhere does not exist');
});

test.runIf(canAsk)(
  skipTitle(
    'a file, a folder or a WAL that is read-only or another user’s is named with its owner',
    canAsk,
    'the project lies where user 65534 may not run its Node',
  ),
  () => {
    const path = aFile();
    expect(messages(path)).toBe('usable');
    const refusal = (file: string) =>
      isRoot
        ? `${file} belongs to user 0, and this process is user 65534`
        : `${file} is read-only; its owner may change that with chmod`;
    writeFileSync(`${path}-wal`, '');
    chmodSync(`${path}-wal`, 0o400);
    expect(messages(path)).toBe(refusal(`${path}-wal`));
    chmodSync(path, 0o400);
    expect(messages(path)).toBe(refusal(path));
    chmodSync(dirname(path), 0o500);
    expect(messages(path)).toBe(refusal(dirname(path)));
    chmodSync(dirname(path), 0o700);
  },
);
