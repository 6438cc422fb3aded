/**
 * The operator's commands for commander: names, options, help. Each is implemented in its own file,
 * which is loaded when that command runs: help and completion of the command line need none.
 */
import { type Command, Option } from 'commander';
import { addCloudOptions, cloudChoice, withCloud } from './cloud-options.ts';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from './terminal/examples.ts';
import type { EnrollOptions } from './servers/host.ts';
import { seconds } from './terminal/duration.ts';
import type { MovesOptions } from './moves/moves.ts';
import { withJson } from './terminal/json-option.ts';
import { addWhatIf } from './what-if/what-if-command.ts';
import type { PciDevicesOptions } from './pci/pci-devices.ts';
import type { RegisterOptions } from './register/keystone-register.ts';
import type { Screen } from './terminal/screen.ts';
import type { Session } from '#client/session/session.ts';

/** What the commands need of the program that runs them. */
export interface CommandEnvironment extends Surroundings {
  screen: Screen;
  /** Of this program. */
  version: string;
  /** Sets the exit status of the program. */
  end: (status: number) => void;
}

interface Json {
  json?: boolean;
}

type Login = (command: Command) => Promise<Session>;

const statuses = ['available', 'claimed', 'allocated', 'unclaimable', 'unavailable', 'missing'];

/**
 * Adds `status`, `pci devices`, `pci pools`, `host …`, `keystone register`, `explain`, `moves` and
 * `what-if` to the program. They throw ComputeError; the program prints it. Returns the command
 * `pci`.
 */
export function addCommands(program: Command, environment: CommandEnvironment): Command {
  const { screen } = environment;
  const login: Login = async (command) => {
    const { findCloud } = await import('#client/cloud/clouds-yaml.ts');
    const { openSession } = await import('#client/session/session.ts');
    return openSession(findCloud(environment, cloudChoice(command)));
  };
  addCloudOptions(program);
  addStatus(program, { ...environment, login });
  const pci = program.command('pci').description('PCI devices of all hosts');
  addPciCommands(pci, { login, screen });
  addHostCommands(program, { login, screen });
  addRegister(program, { login, screen });
  const explain = withOutput(program.command('explain'))
    .description('show where a server is, why, and with which devices')
    .argument('<server>', 'id or name')
    .option('--xml', 'show its libvirt domain XML too')
    .action(async (server: string, options: Json & { xml?: boolean }, command: Command) => {
      const { showExplanation } = await import('./servers/explain.ts');
      await showExplanation(await login(command), { ...options, server }, screen);
    });
  withExamples(explain, 'novella explain web', 'novella explain web --xml');
  addMoves(program, { login, screen });
  addWhatIf(program, { login, screen, end: environment.end });
  return pci;
}

function addStatus(
  program: Command,
  { login, screen, version, end }: CommandEnvironment & { login: Login },
): void {
  const status = withOutput(program.command('status'))
    .description('check the health of the cloud; exits with status 1 when it has problems')
    .action(async (options: Json, command: Command) => {
      const { showStatus } = await import('./servers/status.ts');
      end(await showStatus(await login(command), { ...options, version, now: Date.now() }, screen));
    });
  withExamples(status, 'novella status', 'novella --os-cloud novella status --json');
}

function addMoves(program: Command, { login, screen }: Parts): void {
  const moves = withOutput(program.command('moves'))
    .description('list servers on their way to another host, and how much has been copied')
    .argument('[server]', 'id or name: all moves of this server, also those that have ended')
    .addOption(
      new Option('--watch', 'repeat until no server is on its way, with the rate').conflicts(
        'json',
      ),
    )
    .action(async (server: string | undefined, options: Json & MovesOptions, command: Command) => {
      const { showMoves } = await import('./moves/moves.ts');
      await showMoves(await login(command), { ...options, server }, screen);
    });
  withExamples(moves, 'novella moves --watch', 'novella moves web');
}

interface Parts {
  login: Login;
  screen: Screen;
}

function addPciCommands(pci: Command, { login, screen }: Parts): void {
  const devices = withOutput(pci.command('devices'))
    .description('list the devices that servers can have, and the servers that hold them')
    .option('--host <name>', 'only those of this host')
    .addOption(new Option('--status <status>', 'only those in this status').choices(statuses))
    .addOption(new Option('--free', 'only those that are free').conflicts('status'))
    .action(async (options: Json & PciDevicesOptions, command: Command) => {
      const { showPciDevices } = await import('./pci/pci-devices.ts');
      await showPciDevices(await login(command), options, screen);
    });
  withExamples(
    devices,
    'novella pci devices --host host-1 --free',
    'novella pci devices -f json | jq .devices[0]',
  );
  const pools = withOutput(pci.command('pools'))
    .description('count what is free, per host and physical network')
    .action(async (options: Json, command: Command) => {
      const { showPciPools } = await import('./pci/pci-pools.ts');
      await showPciPools(await login(command), options, screen);
    });
  withExamples(pools, 'novella pci pools');
}

function addRegister(program: Command, { login, screen }: Parts): void {
  const register = withOutput(
    program.command('keystone').description('the Keystone of a cloud').command('register'),
  )
    .description('register this compute API and its service user in Keystone; safe to repeat')
    .option('--url <url>', 'where clients reach it: http://HOST:8774/v2.1')
    .option('--region <name>', 'region of the endpoints', 'RegionOne')
    .option('--user <name>', 'the service user, with the roles admin and service on the project')
    .option('--project <name>', 'its project', 'service')
    .option('--domain <name>', 'domain of user and project', 'Default')
    .option('--password-file <file>', 'its password (default: generated, and shown once)')
    .option(
      '--replace',
      'also replace endpoints that point elsewhere (for example to Nova) and a different password',
    )
    .option('--dry-run', 'show what would be done, but change nothing')
    .action(async (options: Json & RegisterOptions, command: Command) => {
      const { registerCompute } = await import('./register/keystone-register.ts');
      await registerCompute(await login(command), options, screen);
    });
  withExamples(
    register,
    'novella keystone register --url http://controller:8774/v2.1 --dry-run',
    'novella keystone register --user nova --password-file nova.password',
  );
}

function addHostCommands(program: Command, { login, screen }: Parts): void {
  const host = program.command('host').description('hypervisors that connect to this controller');
  const enroll = withOutput(host.command('enroll'))
    .description('enroll a host and print the token by which it joins (shown only once)')
    .argument('<name>', "the host's name, as its agent reports it")
    .option('--replace', 'enroll an enrolled host again; its certificate and tokens are revoked')
    .addOption(
      new Option(
        '--valid <time>',
        'how long the token is valid, such as 30m (default: 1h)',
      ).argParser(seconds),
    )
    .addOption(new Option('--quiet', 'print only the token').conflicts('json'))
    .action(async (name: string, options: Json & EnrollOptions, command: Command) => {
      const { enrollHost } = await import('./servers/host.ts');
      await enrollHost(await login(command), { ...options, name }, screen);
    });
  withExamples(
    enroll,
    'novella host enroll hv1',
    'novella host enroll hv1 --valid 30m --replace',
    'novella host enroll hv1 --quiet | ssh hv1 "umask 77; cat > /etc/novella/token"',
  );
  const list = withOutput(host.command('list'))
    .description('list hosts (in this process and enrolled) and their state')
    .action(async (options: Json, command: Command) => {
      const { listHosts } = await import('./servers/host.ts');
      await listHosts(await login(command), options, screen);
    });
  withExamples(list, 'novella host list');
  const revoke = withOutput(host.command('revoke'))
    .description('revoke the certificate and tokens of a host; its guests keep running')
    .argument('<name>', 'as it was enrolled')
    .action(async (name: string, options: Json, command: Command) => {
      const { revokeHost } = await import('./servers/host.ts');
      await revokeHost(await login(command), { ...options, name }, screen);
    });
  withExamples(revoke, 'novella host revoke hv1');
  const rotate = withOutput(host.command('rotate'))
    .description('replace the certificate of a connected host now; the older one is refused then')
    .argument('<name>', 'as it was enrolled')
    .action(async (name: string, options: Json, command: Command) => {
      const { rotateHost } = await import('./servers/host.ts');
      await rotateHost(await login(command), { ...options, name }, screen);
    });
  withExamples(rotate, 'novella host rotate hv1');
  const forget = withOutput(host.command('forget'))
    .description('remove a host that will not return, with its devices and its certificate')
    .argument('<name>', 'as novella host list shows it')
    .action(async (name: string, options: Json, command: Command) => {
      const { forgetHost } = await import('./servers/host.ts');
      await forgetHost(await login(command), { ...options, name }, screen);
    });
  withExamples(forget, 'novella host forget hv1');
}

/** For a command that queries a cloud and shows the answer. */
function withOutput(command: Command): Command {
  return withCloud(withJson(command));
}
