/** `novella agent` on the command line: the same in the whole program and in the bundle for hypervisors. */
import type { Command } from 'commander';
import { startHostAgent } from './agent.ts';
import { readAgentConfig } from './agent-config.ts';
import { interruption } from './interruption.ts';
import { logTo } from './log.ts';

export function addAgentCommand(program: Command): void {
  program
    .command('agent')
    .description('run the agent of this machine: it dials the controller and does what that asks')
    .requiredOption('--config <file>', 'read this file')
    .option('--verbose', 'log every step')
    .action(run);
}

async function run(options: { config: string; verbose?: boolean }): Promise<void> {
  const log = logTo(process.stderr, options.verbose === true ? 'debug' : 'info');
  const interrupted = interruption();
  const agent = await startHostAgent(readAgentConfig(options.config), log);
  await interrupted;
  await agent.stop();
}
