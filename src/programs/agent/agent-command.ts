/**
 * `novella agent` on the command line: the same in the complete program and in the bundle for
 * hypervisors.
 */
import { type Command, Option } from 'commander';
import { withExamples } from '#cli/terminal/examples.ts';
import type { AgentFiles } from './agent.ts';
import { logFormats, logLevels } from '../terminal/log-choices.ts';
import type { AgentOptions } from './run-agent.ts';

export function addAgentCommand(program: Command, files: AgentFiles = {}): void {
  const agent = program
    .command('agent')
    .description(
      'run the agent of this machine: it connects to the controller and carries out its commands',
    )
    .requiredOption('--config <file>', 'read this file')
    .addOption(logFormatOption())
    .addOption(logLevelOption())
    .option('--verbose', 'log every step: --log-level debug')
    .action(async (options: AgentOptions) => {
      const { runAgent } = await import('./run-agent.ts');
      await runAgent(options, files);
    });
  withExamples(agent, `${program.name()} agent --config /etc/novella/agent.yaml`);
  const join = program
    .command('join')
    .description('join a cluster with the token that `novella host enroll` printed')
    .argument('[token]', 'the token (default: the one of the configuration)')
    .requiredOption('--config <file>', 'of the agent of this machine')
    .action(async (token: string | undefined, { config }: { config: string }) => {
      const { joinCluster } = await import('./join-cluster.ts');
      process.stdout.write(`${await joinCluster(config, token)}\n`);
    });
  withExamples(join, `${program.name()} join --config /etc/novella/agent.yaml novella-join-…`);
}

/** `--log-format`, for every command that logs. */
export function logFormatOption(): Option {
  const option = new Option('--log-format <form>', 'auto: text at a terminal, JSON elsewhere');
  return option.choices([...logFormats]);
}

/** `--log-level`, for every command that logs. */
export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'lowest level to log').choices([...logLevels]);
}
