/** Example lines at the end of a command's help. */
import type { Command } from 'commander';

/** Shown as they are typed. Example: `withExamples(command, 'novella pci devices --free')`. */
export function withExamples(command: Command, ...lines: readonly string[]): Command {
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', ['', title, ...lines.map((line) => `  ${line}`)].join('\n'));
}
