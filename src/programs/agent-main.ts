/** The program of a hypervisor alone, as the bundle has it. The whole of Novella is `main.ts`. */
import { Command } from 'commander';
import { addAgentCommand } from './agent-command.ts';
import { runProgram } from './run-program.ts';
import { version } from './version.ts';

const program = new Command('novella-agent')
  .description('The agent of a Novella hypervisor.')
  .version(version)
  .exitOverride();
addAgentCommand(program);
await runProgram(program);
