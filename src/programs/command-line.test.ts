/** Every command of `novella` as its help shows it, and the answer to a wrong command line. */
import { readFileSync } from 'node:fs';
import type { Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { hintFor } from '#cli/terminal/hint.ts';
import { novellaProgram } from './command-line.ts';

/** With what is written instead of shown. */
function quietProgram(): { program: Command; written: string[] } {
  const program = novellaProgram();
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  for (const command of allOf(program))
    command.configureOutput({ writeOut: write, writeErr: write });
  return { program, written };
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

/** Commands that do something, by what is typed. Example: `pci pools`. */
function leaves(command: Command, path: string[] = []): Map<string, Command> {
  const below = command.commands.flatMap((each) => [...leaves(each, [...path, each.name()])]);
  return new Map(below.length > 0 ? below : [[path.join(' '), command]]);
}

function helpOf(path: string): string {
  const { program, written } = quietProgram();
  const command = path === '' ? program : leaves(program).get(path);
  command?.outputHelp();
  return written.join('');
}

const paths = [...leaves(novellaProgram()).keys()];
const examples = paths
  .filter((path) => path !== 'help')
  .flatMap((path) => {
    const [, text = ''] = helpOf(path).split(/^Examples?:\n/m);
    return text.split('\n').flatMap((line) => (line === '' ? [] : [{ path, line: line.trim() }]));
  });

test('the commands are those that docs/commands.md describes', () => {
  const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  const described = [...page.matchAll(/^\| `novella ([a-z -]+[a-z])/gm)].map(
    ([, path = '']) => path,
  );
  expect(described.toSorted()).toEqual(paths.toSorted());
});

test.each(['', ...paths])('the help of novella %s fits in 80 columns', (path) => {
  expect(
    helpOf(path)
      .split('\n')
      .filter((line) => line.length > 80),
  ).toEqual([]);
});

test('every command has an example', () => {
  expect([...new Set(examples.map(({ path }) => path))]).toEqual(
    paths.filter((path) => path !== 'help'),
  );
});

test.each(examples)('an example is a valid command line: $line', async ({ path, line }) => {
  const { program, written } = quietProgram();
  let ran = '';
  for (const [name, command] of leaves(program)) command.action(() => void (ran = name));
  const [ours = ''] = line.split(/ [|>] /);
  await program.parseAsync(ours.split(' ').slice(1), { from: 'user' });
  expect({ ran, written }).toEqual({ ran: path, written: [] });
});

async function refusalOf(line: string): Promise<string> {
  const { program, written } = quietProgram();
  const error = await program.parseAsync(line.split(' '), { from: 'user' }).then(
    () => undefined,
    (cause: unknown) => cause as CommanderError,
  );
  if (error === undefined) return 'not refused';
  const messages = written.length === 0 ? [error.message] : written;
  return [...messages, error.code === undefined ? '' : (hintFor(error, program) ?? '')].join('\n');
}

test.each([
  { line: 'server list', expected: 'Try: openstack server list' },
  { line: 'pool', expected: 'Try: novella pci pools' },
  { line: 'pci pool', expected: '(Did you mean pools?)' },
  { line: 'help stauts', expected: '(Did you mean status?)' },
  { line: 'help pci pool', expected: "unknown command 'pool'\n(Did you mean pools?)" },
  { line: 'help server', expected: 'Try: openstack server' },
  { line: 'help nosuch', expected: "unknown command 'nosuch'\n\nTry: novella --help" },
  { line: 'pci nosuch', expected: 'Try: novella pci --help' },
  {
    line: 'pci pools --nosuch',
    expected: "unknown option '--nosuch'\n\nTry: novella pci pools --help",
  },
  { line: '--nosuch', expected: 'Try: novella --help' },
  { line: 'explain', expected: 'Try: novella explain --help' },
  { line: 'agent', expected: 'Try: novella agent --help' },
  { line: 'up --config', expected: 'Try: novella up --help' },
  { line: 'up novella.yaml', expected: 'Try: novella up --help' },
  { line: 'status --jsn', expected: '(Did you mean --json?)' },
  { line: '--os-auth-ur x status', expected: '(Did you mean --os-auth-url?)' },
  { line: 'status -f yaml', expected: 'Allowed choices are table, json' },
  { line: '--os-cloud x up', expected: '--os-cloud: novella up does not sign in to a cloud' },
  {
    line: 'pci capture --os-password x',
    expected: '--os-password: novella pci capture does not sign in to a cloud',
  },
])('novella $line is refused with a helpful message', async ({ line, expected }) => {
  expect(await refusalOf(line)).toContain(expected);
});

test('help shows the help of a command of any depth', async () => {
  const { program, written } = quietProgram();
  await expect(
    program.parseAsync(['help', 'pci', 'pools'], { from: 'user' }),
  ).rejects.toMatchObject({
    exitCode: 0,
  });
  expect(written.join('')).toContain('Usage: novella pci pools');
});
