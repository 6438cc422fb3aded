/** The command `novella`: what it can be told, and how its errors read. The only reader of arguments and environment. */
import { homedir } from 'node:os';
import { relative, resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { addCommands } from '#cli/commands.ts';
import { showChecks } from '#cli/doctor.ts';
import { addPciCheck } from '#cli/pci-check-command.ts';
import { type Screen, writeLines } from '#cli/screen.ts';
import { ComputeError } from '#core/errors.ts';
import { type Config, freePorts, readConfig } from './config.ts';
import { runConfigImport } from './config-import.ts';
import { runDemo } from './demo.ts';
import { examineHost } from './doctor.ts';
import { logTo } from './log.ts';
import { localMachine } from './pci-check.ts';
import { type AllInOne, startAllInOne } from './up.ts';

interface UpOptions {
  config?: string;
  stateDir?: string;
  freePorts?: boolean;
  readyLine?: boolean;
  verbose?: boolean;
}

const screen = screenOn(process.stdout);

function program(): Command {
  const novella = new Command('novella')
    .description('A small Nova: OpenStack-compatible compute with SR-IOV networking at its heart.')
    .exitOverride();
  novella
    .command('up')
    .description('run the whole cloud in this process')
    .option('--config <file>', 'read this novella.yaml')
    .option('--state-dir <dir>', 'keep everything there (default: .novella)')
    .option('--free-ports', 'take free ports instead of the standard ones')
    .option('--ready-line', 'print one line "ready {json}" once the API answers')
    .option('--verbose', 'log every request')
    .action(up);
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
    .argument('<nova.conf>', 'the file to read')
    .option('--output <file>', 'write there (default: standard output)')
    .option('--force', 'write over a file that is there')
    .action((from: string, options: { output?: string; force?: boolean }) =>
      runConfigImport(from, options, { screen, progress: screenOn(process.stderr) }),
    );
  novella
    .command('doctor')
    .description('say whether this machine can be a host, and what to do where it cannot')
    .option('--config <file>', 'check what this file asks of it, too')
    .option('--json', 'print one JSON document')
    .action(doctor);
  const pci = addCommands(novella, { screen, ...surroundings() });
  const end = (status: number) => {
    process.exitCode = status;
  };
  addPciCheck(pci, { screen, machine: localMachine, end, ...surroundings() });
  return novella;
}

function configured(options: UpOptions): Config {
  const config = readConfig(options.config);
  return {
    ...config,
    ...(options.stateDir !== undefined && { stateDir: resolve(options.stateDir) }),
    ...(options.freePorts === true && { ports: freePorts }),
  };
}

async function up(options: UpOptions): Promise<void> {
  const level = options.verbose === true ? 'debug' : 'warn';
  const log = logTo(process.stderr, level);
  const interrupted = interruption();
  const cloud = await startAllInOne(configured(options), log);
  if (options.readyLine === true) {
    process.stdout.write(`ready ${JSON.stringify({ urls: cloud.urls, pid: process.pid })}\n`);
  } else {
    writeLines(screen, greeting(cloud));
  }
  await interrupted;
  await cloud.stop();
}

/** A path as seen from here, when it is below. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/** What a person needs to know of a cloud that is up. */
function greeting({ urls, cloudsYaml }: AllInOne): string[] {
  return [
    'Novella is up.',
    `  compute ${urls.compute}  identity ${urls.identity}`,
    `  network ${urls.network}  image ${urls.image}`,
    '',
    'Talk to it from another terminal:',
    `  export OS_CLIENT_CONFIG_FILE=${shortest(cloudsYaml)} OS_CLOUD=novella`,
    '  openstack flavor list',
    '  npx novella pci pools',
    '',
    'Ctrl-C stops it; the next start goes on where it was.',
  ];
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

async function doctor(options: { config?: string; json?: boolean }): Promise<void> {
  const config = readConfig(options.config);
  const checks = await examineHost({
    deviceSpec: config.deviceSpec ?? [],
    vfCounts: {},
    stateDirectory: config.stateDir,
    libvirtUri: 'qemu:///system',
  });
  process.exitCode = showChecks(checks, options, screen);
}

/** Settles when the user or the system asks this process to end. */
function interruption(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => settle());
  });
}

function surroundings() {
  return { variables: process.env, workingFolder: process.cwd(), home: homedir() };
}

function screenOn(stream: NodeJS.WriteStream): Screen {
  return { write: (text) => void stream.write(text), isTerminal: stream.isTTY };
}

// What is written may hold secrets and belong to one user.
process.umask(0o077);
// A reader that has seen enough (`novella explain … | head`) is no error of ours.
process.stdout.on('error', (error: { code?: string }) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
  } else if (error instanceof ComputeError) {
    process.stderr.write(`novella: ${error.message}\n`);
    if (error.kind === 'bug') process.stderr.write(`${error.detail ?? error.stack}\n`);
    // A command may have said which failure it is.
    process.exitCode ??= 1;
  } else {
    throw error;
  }
}
