import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addPolicyCommands } from './policy-command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-policy-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fileWith = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** What `novella policy …` prints, or its error. */
async function run(...args: string[]): Promise<string> {
  let written = '';
  const write = (text: string) => void (written += text);
  const novella = new Command('novella').exitOverride().configureOutput({ writeErr: () => {} });
  const surroundings = { variables: {}, workingFolder: folder, home: folder };
  addPolicyCommands(novella, { screen: { write, isTerminal: false }, ...surroundings });
  await novella.parseAsync(['policy', ...args], { from: 'user' });
  return written;
}

test('a file is checked, also the one beside a configuration', async () => {
  const config = fileWith('novella.yaml', '');
  const policy = fileWith('policy.yaml', 'admin_api: role:ops\n');
  expect(await run('check', policy)).toBe(`${policy}: valid, 1 rule\n`);
  expect(await run('check', '--config', config)).toBe(`${policy}: valid, 1 rule\n`);
  fileWith('policy.yaml', 'admin_api: role:ops and\n');
  await expect(run('check', policy)).rejects.toThrow(`${policy}:1 admin_api: column 13`);
  await expect(run('check', '--config', config)).rejects.toThrow(`${policy}:1 admin_api`);
});

test.each(['', '# nothing yet\n', '{}'])(
  'a file without rules is valid, and that is stated: %j',
  async (text) => {
    const policy = fileWith('policy.yaml', text);
    expect(await run('check', policy)).toBe(
      `${policy}: valid, but it has no rules: the default rules apply\n`,
    );
  },
);

test('a check of a configuration without a policy file fails', async () => {
  const config = fileWith('novella.yaml', '');
  await expect(run('check', '--config', config)).rejects.toThrow(
    `no policy file: ${config} has no policy_file, and there is no ${join(folder, 'policy.yaml')}; the default rules apply`,
  );
  const named = fileWith('named.yaml', `policy_file: ${join(folder, 'rules.yaml')}\n`);
  await expect(run('check', '--config', named)).rejects.toThrow('rules.yaml: no such file');
});

test('the rules of a configuration without a policy file are the defaults', async () => {
  const config = fileWith('novella.yaml', '');
  expect(await run('show', '--config', config)).toBe(await run('show'));
});

test.each(['check', 'show'])('%s refuses a file beside --config', async (command) => {
  const config = fileWith('novella.yaml', '');
  const bad = fileWith('bad.yaml', 'nonsense: role:x\n');
  await expect(run(command, bad, '--config', config)).rejects.toThrow(
    `policy file '${bad}' cannot be used with option '--config <file>'`,
  );
});
