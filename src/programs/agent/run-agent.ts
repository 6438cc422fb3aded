/** Runs `novella agent` until it is to end. */
import { type AgentFiles, startHostAgent } from './agent.ts';
import { readAgentConfig } from '../config/agent-config.ts';
import { interruption } from '../terminal/interruption.ts';
import { logTo } from '../terminal/log.ts';
import { type LogArguments, logOptions } from '../terminal/log-choices.ts';

export interface AgentOptions extends LogArguments {
  config: string;
}

/** Returns when the agent has stopped. Throws ComputeError for what prevents its start. */
export async function runAgent(options: AgentOptions, files: AgentFiles): Promise<void> {
  const log = logTo(process.stderr, logOptions(options));
  const interrupted = interruption();
  const agent = await startHostAgent(readAgentConfig(options.config), log, files);
  await interrupted;
  await agent.stop();
}
