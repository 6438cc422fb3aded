/** Text for people or JSON for programs: the same two options on every command that has both. */
import { type Command, Option } from 'commander';

/**
 * Adds `--json` and, as the stock client takes it, `-f json`; the action finds `json`. The one that
 * is given last counts.
 */
export function withJson(command: Command): Command {
  const format = new Option('-f, --format <form>', 'table, or json: the same as --json');
  return command
    .option('--json', 'print one JSON document')
    .addOption(format.choices(['table', 'json']))
    .on('option:format', (form: string) => command.setOptionValue('json', form === 'json'));
}
