/** The line below commander's own error: what to type instead. */
import type { Command, CommanderError } from 'commander';
import { closestName } from '#core/closest-name.ts';
import { hintForUnknown } from '../unknown-command.ts';

/** undefined where commander has printed one, or without a suggestion. */
export function hintFor({ code, message }: CommanderError, program: Command): string | undefined {
  const { args, options } = program;
  if (code === 'commander.unknownCommand') {
    // Example: of `novella help server list` → `['server', 'list']`.
    const hint = hintForUnknown(args[0] === 'help' ? args.slice(1) : args);
    return hint ?? (message.includes('Did you mean') ? undefined : `Try: ${program.name()} --help`);
  }
  if (code !== 'commander.unknownOption' || message.includes('Did you mean')) return undefined;
  // Commander suggests no hidden ones.
  const flag = /'(--[^'=]*)/.exec(message)?.[1] ?? '';
  const near = closestName(
    flag,
    options.flatMap(({ long }) => long ?? []),
  );
  return near === undefined ? undefined : `(Did you mean ${near}?)`;
}
