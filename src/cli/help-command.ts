/**
 * `novella help [COMMAND…]`: the help of any command; an unknown command is an error that names the
 * nearest.
 */
import { type Command, CommanderError } from 'commander';
import { closestName } from '#core/closest-name.ts';

/**
 * Replaces commander's own, which has one level of commands and shows the general help for unknown
 * commands.
 */
export function addHelpCommand(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('show the help of a command')
    .argument('[command...]', 'such as: pci pools')
    .action((names: string[]) => commandNamed(program, names).help());
}

/** Throws as commander does for an unknown command. */
function commandNamed(program: Command, names: readonly string[]): Command {
  let command = program;
  for (const name of names) {
    const names = command.commands.map((each) => each.name());
    const found = command.commands.find((each) => each.name() === name);
    if (found === undefined) throw unknownCommand(program, name, closestName(name, names));
    command = found;
  }
  return command;
}

function unknownCommand(program: Command, name: string, near: string | undefined): CommanderError {
  const advice = near === undefined ? '' : `\n(Did you mean ${near}?)`;
  const message = `error: unknown command '${name}'${advice}`;
  program.configureOutput().writeErr?.(`${message}\n`);
  return new CommanderError(1, 'commander.unknownCommand', message);
}
