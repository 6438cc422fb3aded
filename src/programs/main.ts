/** The command `novella`: what it can be told, and how its errors read. The only reader of arguments and environment. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { addCommands } from '#cli/commands.ts';
import { addPciCheck } from '#cli/pci-check-command.ts';
import { writeLines } from '#cli/screen.ts';
import { addAgentCommand } from './agent-command.ts';
import { type Config, freePorts, readConfig } from './config.ts';
import { runConfigImport } from './config-import.ts';
import { runDemo } from './demo.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { greeting, surveyLines } from './greeting.ts';
import { interruption } from './interruption.ts';
import { logTo } from './log.ts';
import { localMachine } from './pci-check.ts';
import { runProgram } from './run-program.ts';
import { screenOn } from './screen-on.ts';
import { startAllInOne } from './up.ts';
import { version } from './version.ts';

interface UpOptions {
  config?: string;
  stateDir?: string;
  freePorts?: boolean;
  libvirt?: boolean;
  readyLine?: boolean;
  verbose?: boolean;
}

const screen = screenOn(process.stdout);

function program(): Command {
  const novella = new Command('novella')
    .description('A small Nova: OpenStack-compatible compute with SR-IOV networking at its heart.')
    .version(version)
    .exitOverride();
  novella
    .command('up')
    .description('run the whole cloud in this process')
    .option('--config <file>', 'read this novella.yaml')
    .option('--state-dir <dir>', 'keep everything there (default: .novella)')
    .option('--free-ports', 'take free ports instead of the standard ones')
    .option('--ready-line', 'print one line "ready {json}" once the API answers')
    .option('--libvirt', 'this machine is the only host, instead of simulated ones')
    .option('--verbose', 'log every request')
    .action(up);
  addAgentCommand(novella);
  addDoctorCommand(novella, screen);
  novella
    .command('demo')
    .description('show the whole path from port to guest on two simulated hosts')
    .option('--once', 'end after the journey; exit 0 only if all of it held')
    .option('--json', 'print one JSON document of the journey, and end')
    .action(demo);
  novella
    .command('config')
    .description('configuration files')
    .command('import')
    .description('make a novella.yaml of a nova.conf, and say what it cannot carry over')
    .argument('<nova.conf...>', 'the files to read, in order; of a folder its *.conf')
    .option('--output <file>', 'write there (default: standard output)')
    .option('--force', 'write over a file that is there')
    .action((from: string[], options: { output?: string; force?: boolean }) =>
      runConfigImport(from, options, { screen, progress: screenOn(process.stderr) }),
    );
  const pci = addCommands(novella, { screen, ...surroundings() });
  const end = (status: number) => {
    process.exitCode = status;
  };
  const machine = localMachine(surroundings());
  addPciCheck(pci, { screen, machine, end, ...surroundings() });
  return novella;
}

function configured(options: UpOptions): Config {
  const config = readConfig(options.config, surroundings());
  return {
    ...config,
    ...(options.stateDir !== undefined && { stateDir: resolve(options.stateDir) }),
    ...(options.freePorts === true && { ports: freePorts }),
    libvirt: options.libvirt === true,
  };
}

async function up(options: UpOptions): Promise<void> {
  const level = options.verbose === true ? 'debug' : 'warn';
  const log = logTo(process.stderr, level);
  const interrupted = interruption();
  const cloud = await startAllInOne(configured(options), log);
  if (options.readyLine === true) {
    process.stdout.write(`ready ${JSON.stringify({ urls: cloud.urls, pid: process.pid })}\n`);
    writeLines(screenOn(process.stderr), surveyLines(cloud));
  } else {
    writeLines(screen, greeting(cloud, { from: process.cwd(), ...screen }));
  }
  await interrupted;
  await cloud.stop();
}

async function demo(options: { once?: boolean; json?: boolean }): Promise<void> {
  process.exitCode = await runDemo({
    once: options.once === true,
    json: options.json === true,
    screen,
    progress: screenOn(process.stderr),
    interrupted: interruption(),
  });
}

function surroundings() {
  return { variables: process.env, workingFolder: process.cwd(), home: homedir() };
}

await runProgram(program());
