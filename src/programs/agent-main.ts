/** The bundled program for hypervisors. The complete Novella is `main.ts`. */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { addAgentCommand } from './agent/agent-command.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { runCommand } from './terminal/run-command.ts';
import { screenOn } from './terminal/screen-on.ts';
import { version } from './version.ts';

const program = new Command('novella-agent')
  .description('The agent of a Novella hypervisor.')
  .version(version)
  .exitOverride();
const libvirtChild = fileURLToPath(new URL('libvirt-child.mjs', import.meta.url));
addAgentCommand(program, { libvirtChild });
addDoctorCommand(program, screenOn(process.stdout));
await runCommand(program);
