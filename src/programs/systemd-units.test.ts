/** The units in systemd/ compared with what they start: commands, options and files exist. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { novellaProgram } from './command-line.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const unit = (name: string) => readFileSync(join(root, 'systemd', name), 'utf8');

/** Values of a key in order. Example: `ExecStart`. */
function valuesOf(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

const units = [
  { name: 'novella.service', program: 'bin/novella', leaf: 'up' },
  { name: 'novella-controller.service', program: 'bin/novella', leaf: 'controller' },
  { name: 'novella-agent.service', program: 'novella-agent.mjs', leaf: 'agent' },
];

test.each(units)('$name starts an existing command', async ({ name, program, leaf }) => {
  const [command = '', ...more] = valuesOf(unit(name), 'ExecStart');
  expect(more).toEqual([]);
  const expected = command.split(' ');
  const at = expected.findIndex((word) => word.endsWith(`/${program}`));
  const novella = novellaProgram();
  const ran: object[] = [];
  novella.commands
    .find((each) => each.name() === leaf)
    ?.action((options: object) => void ran.push(options));
  await novella.parseAsync(expected.slice(at + 1), { from: 'user' });
  expect(ran).toHaveLength(1);
});

test('the controller’s unit starts an executable file of the checkout', () => {
  const [command = ''] = valuesOf(unit('novella.service'), 'ExecStart');
  const [program = ''] = command.split(' ');
  accessSync(join(root, program.replace('/opt/novella/', '')), constants.X_OK);
});

test('the agent’s unit starts the files of the bundle', () => {
  const [command = ''] = valuesOf(unit('novella-agent.service'), 'ExecStart');
  const bundle = readFileSync(join(root, 'bundle/agent.ts'), 'utf8');
  const [node, program] = command.split(' ').map((word) => word.replace('/opt/novella-agent/', ''));
  expect(bundle).toContain(`join(folder, '${node}')`);
  expect(bundle).toContain(`'${program?.replace('.mjs', '')}': 'src/programs/agent-main.ts'`);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test('the units are well formed, and systemd reports no fault where it is installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'novella-units-'));
  try {
    const files = units.map(({ name }) => {
      const text = unit(name)
        .replaceAll('/opt/novella/', root)
        .replaceAll('/opt/novella-agent/node', process.execPath)
        .replaceAll(/^(User|Group)=.*$/gm, '');
      expect(text.match(/^\[\w+\]$/gm)).toEqual(['[Unit]', '[Service]', '[Install]']);
      expect(text.split('\n').filter((line) => !/^(#.*|\[\w+\]|[A-Z]\w+=.*|)$/.test(line))).toEqual(
        [],
      );
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    // Prints its complaints, and fails.
    if (hasSystemd) execFileSync('systemd-analyze', ['verify', ...files], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
