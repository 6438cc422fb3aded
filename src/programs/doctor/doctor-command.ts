/**
 * `novella doctor` on the command line: the same in the complete program and in the bundle for
 * hypervisors.
 */
import type { Command } from 'commander';
import { withExamples } from '#cli/terminal/examples.ts';
import { withJson } from '#cli/terminal/json-option.ts';
import type { Screen } from '#cli/terminal/screen.ts';

export function addDoctorCommand(program: Command, screen: Screen): void {
  const doctor = withJson(program.command('doctor'))
    .description('check whether this machine can be a host, and print how to fix what fails')
    .option('--config <file>', 'agent.yaml; checks also what it requires of this machine')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { showChecks } = await import('#cli/doctor.ts');
      const { examineHost } = await import('./doctor.ts');
      process.exitCode = showChecks(await examineHost(options.config), options, screen);
    });
  withExamples(
    doctor,
    `${program.name()} doctor`,
    `${program.name()} doctor --config /etc/novella/agent.yaml`,
  );
}
