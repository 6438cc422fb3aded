/** `novella agent` on the command line: the same in the whole program and in the bundle for hypervisors. */
import type { Command } from 'commander';
import { type AgentFiles, startHostAgent } from './agent.ts';
import { readAgentConfig } from './agent-config.ts';
import { interruption } from './interruption.ts';
import { logTo } from './log.ts';

export function addAgentCommand(program: Command, files: AgentFiles = {}): void {
  program
    .command('agent')
    .description('run the agent of this machine: it dials the controller and does what that asks')
    .requiredOption('--config <file>', 'read this file')
    .option('--verbose', 'log every step')
    .action((options: AgentCommandOptions) => run(options, files));
}

interface AgentCommandOptions {
  config: string;
  verbose?: boolean;
}

async function run(options: AgentCommandOptions, files: AgentFiles): Promise<void> {
  const log = logTo(process.stderr, options.verbose === true ? 'debug' : 'info');
  const interrupted = interruption();
  const agent = await startHostAgent(readAgentConfig(options.config), log, files);
  await interrupted;
  await agent.stop();
}
