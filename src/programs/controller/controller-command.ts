/** `novella controller` on the command line. */
import { type Command, Option } from 'commander';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from '#cli/terminal/examples.ts';
import { logFormatOption, logLevelOption } from '../agent/agent-command.ts';
import type { ControllerArguments } from './run-controller.ts';

export function addControllerCommand(novella: Command, surroundings: () => Surroundings): void {
  const controller = novella
    .command('controller')
    .description('run one of several controllers of a cloud, over a shared database on PostgreSQL')
    .requiredOption('--config <file>', 'read this novella.yaml')
    .option('--database <url>', 'database of PostgreSQL (default: database in the file)')
    .addOption(
      new Option(
        '--name <name>',
        'name of this controller, the same at each start (default: machine:port)',
      ),
    )
    .option('--free-ports', 'take free ports instead of the configured ones')
    .option('--ready-line', 'print one line "ready {json}" once the API answers')
    .addOption(logFormatOption())
    .addOption(logLevelOption())
    .option('--verbose', 'log every step: --log-level debug')
    .action(async (options: ControllerArguments) => {
      const { runController } = await import('./run-controller.ts');
      await runController(options, surroundings());
    });
  withExamples(
    controller,
    'novella controller --config /etc/novella/novella.yaml',
    'novella controller --config /etc/novella/novella.yaml --name controller-2',
  );
}
