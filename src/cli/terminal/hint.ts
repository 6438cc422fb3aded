/** The line below commander's own error: what to type instead. */
import type { Command, CommanderError } from 'commander';
import { closestName } from '#core/closest-name.ts';
import { hintForUnknown } from '../unknown-command.ts';

/** Something is missing or too much: its help shows what belongs there. */
const incomplete = new Set([
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
  'commander.excessArguments',
]);

/** undefined where commander has printed one, or without a suggestion. */
export function hintFor({ code, message }: CommanderError, program: Command): string | undefined {
  const { args, options } = program;
  if (code === 'commander.unknownCommand') {
    // Example: of `novella help server list` → `['server', 'list']`.
    const hint = hintForUnknown(args[0] === 'help' ? args.slice(1) : args);
    return hint ?? (message.includes('Did you mean') ? undefined : helpFor(program));
  }
  if (incomplete.has(code)) return helpFor(program);
  if (code !== 'commander.unknownOption' || message.includes('Did you mean')) return undefined;
  // Commander suggests no hidden ones.
  const flag = /'(--[^'=]*)/.exec(message)?.[1] ?? '';
  const near = closestName(
    flag,
    options.flatMap(({ long }) => long ?? []),
  );
  return near === undefined ? helpFor(program) : `(Did you mean ${near}?)`;
}

/** The help of the command that was typed. Example: `Try: novella pci pools --help`. */
function helpFor(program: Command): string {
  const path = [program.name()];
  let command: Command | undefined = program;
  for (const arg of program.args) {
    command = command.commands.find((each) => each.name() === arg);
    if (command === undefined || arg === 'help') break;
    path.push(arg);
  }
  return `Try: ${path.join(' ')} --help`;
}
