/**
 * The commands of `novella` and their options. A command's modules are loaded when it runs. The
 * only reader of arguments and environment.
 */
import { homedir } from 'node:os';
import { Command } from 'commander';
import type { LocalMachine } from '#cli/pci/pci-check.ts';
import { withExamples } from '#cli/terminal/examples.ts';
import { addHelpCommand } from '#cli/help-command.ts';
import { withJson } from '#cli/terminal/json-option.ts';
import { addCommands } from '#cli/commands.ts';
import { addPciCheck } from '#cli/pci/pci-check-command.ts';
import { addAgentCommand, logFormatOption, logLevelOption } from './agent/agent-command.ts';
import { addBackupCommands } from './backup-commands.ts';
import { addControllerCommand } from './controller/controller-command.ts';
import { addDatabaseCommands } from './database/database-commands.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addPolicyCommands } from './policy/policy-command.ts';
import { optionsKeptByNpm } from './terminal/npm-options.ts';
import { runCommand } from './terminal/run-command.ts';
import { screenOn } from './terminal/screen-on.ts';
import type { UpOptions } from './up/up-command.ts';
import { version } from './version.ts';

const afterHelp = `
Exit status: 0 success; 1 error, or a problem was found (status, doctor,
demo --once); 2 invalid command line. "pci check" has its own.
More in docs/commands.md. For servers, networks and images: openstack --help`;

const screen = screenOn(process.stdout);
const surroundings = () => ({
  variables: process.env,
  workingFolder: process.cwd(),
  home: homedir(),
});

/** Runs the command in this process's arguments, and sets its exit status. */
export async function runCommandLine(): Promise<void> {
  const program = novellaProgram();
  const kept = optionsKeptByNpm(program, process.argv.slice(2), process.env);
  if (kept === undefined) {
    await runCommand(program);
  } else {
    process.stderr.write(`novella: ${kept}\n`);
    process.exitCode = 2;
  }
}

/** All commands. The modules of each are loaded only when it runs. */
export function novellaProgram(): Command {
  const novella = new Command('novella')
    .description('A small Nova: OpenStack-compatible compute with SR-IOV networking at its heart.')
    .version(version)
    .addHelpText('after', afterHelp)
    .exitOverride();
  addHelpCommand(novella);
  addUp(novella);
  addControllerCommand(novella, surroundings);
  addAgentCommand(novella);
  addDoctorCommand(novella, screen);
  addDemo(novella);
  addConfigImport(novella);
  addBackupCommands(novella, { screen, ...surroundings() });
  addPolicyCommands(novella, { screen, ...surroundings() });
  const end = (status: number) => {
    process.exitCode = status;
  };
  addDatabaseCommands(novella, { screen, end, ...surroundings() });
  const pci = addCommands(novella, { screen, version, end, ...surroundings() });
  addPciCheck(pci, { screen, machine: loadMachine, end, ...surroundings() });
  return novella;
}

function addUp(novella: Command): void {
  const up = novella
    .command('up')
    .description('run all services of the cloud in this process')
    .option('--config <file>', 'read this novella.yaml')
    .option('--state-dir <dir>', 'state directory (default: .novella)')
    .option('--database <url>', 'database of PostgreSQL (default: novella.sqlite in --state-dir)')
    .option('--free-ports', 'take free ports instead of the standard ones')
    .option('--ready-line', 'print one line "ready {json}" once the API answers')
    .option('--libvirt', 'this machine is the only host, instead of simulated ones')
    .addOption(logFormatOption())
    .addOption(logLevelOption())
    .option('--verbose', 'log every step: --log-level debug')
    .action(async (options: UpOptions) => {
      const { runUp } = await import('./up/up-command.ts');
      await runUp(options, { screen, ...surroundings() });
    });
  withExamples(
    up,
    'novella up',
    'novella up --free-ports --state-dir /tmp/novella',
    'novella up --config /etc/novella/novella.yaml --log-format json',
  );
}

function addDemo(novella: Command): void {
  const demo = withJson(novella.command('demo'))
    .description('show the full path from port to guest on simulated hosts')
    .option('--once', 'exit after the demonstration; status 0 only if every check passed')
    .action(async (options: { once?: boolean; json?: boolean }) => {
      const { interruption } = await import('./terminal/interruption.ts');
      const interrupted = interruption();
      const { runDemo } = await import('./demo.ts');
      process.exitCode = await runDemo({
        once: options.once === true,
        json: options.json === true,
        screen,
        progress: screenOn(process.stderr),
        interrupted,
      });
    });
  withExamples(demo, 'novella demo', 'novella demo --once', 'novella demo --json');
}

function addConfigImport(novella: Command): void {
  const config = novella
    .command('config')
    .description('configuration files')
    .command('import')
    .description('convert a nova.conf to a novella.yaml, and report what cannot be converted')
    .argument('<nova.conf...>', 'the files to read, in order; of a folder its *.conf')
    .option('--output <file>', 'write there (default: standard output)')
    .option('--force', 'overwrite an existing file')
    .action(async (from: string[], options: { output?: string; force?: boolean }) => {
      const { runConfigImport } = await import('./config/config-import.ts');
      runConfigImport(from, options, { screen, progress: screenOn(process.stderr) });
    });
  withExamples(
    config,
    'novella config import /etc/nova/nova.conf --output novella.yaml',
    'novella config import /etc/nova/nova.conf /etc/nova/nova.conf.d',
  );
}

const loadMachine = async (): Promise<LocalMachine> =>
  (await import('./doctor/pci-check.ts')).localMachine(surroundings());
