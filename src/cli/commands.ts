/** The operator's commands as commander knows them: names, options, help. What they do is in a file each. */
import { type Command, Option } from 'commander';
import { findCloud, type Surroundings } from './clouds-yaml.ts';
import { showExplanation } from './explain.ts';
import { type EnrollOptions, enrollHost, forgetHost, listHosts, revokeHost } from './host.ts';
import { type PciDevicesOptions, showPciDevices } from './pci-devices.ts';
import { type RegisterOptions, registerCompute } from './keystone-register.ts';
import { showPciPools } from './pci-pools.ts';
import type { Screen } from './screen.ts';
import { showStatus } from './status.ts';
import { openSession, type Session } from './session.ts';

/** What the commands need of the program that runs them. */
export interface CommandEnvironment extends Surroundings {
  screen: Screen;
  /** Of this program. */
  version: string;
  /** Sets the exit status of the program. */
  end: (status: number) => void;
}

interface Common {
  osCloud?: string;
  json?: boolean;
}

const statuses = ['available', 'claimed', 'allocated', 'unclaimable', 'unavailable', 'missing'];

/** Adds `status`, `pci devices`, `pci pools`, `host …`, `keystone register` and `explain` to the program. They throw ComputeError; the program prints it. Returns the command `pci`. */
export function addCommands(program: Command, environment: CommandEnvironment): Command {
  const { screen, version, end } = environment;
  const login = async (options: Common): Promise<Session> =>
    openSession(findCloud(environment, options.osCloud));
  withCommonOptions(program.command('status'))
    .description('say whether the cloud is well: hosts, servers, free VFs; exit 1 when it is not')
    .action(async (options: Common) =>
      end(await showStatus(await login(options), { ...options, version, now: Date.now() }, screen)),
    );
  const pci = program.command('pci').description('PCI devices of all hosts');

  withCommonOptions(pci.command('devices'))
    .description('list the devices that may be handed out, and who holds them')
    .option('--host <name>', 'only those of this host')
    .addOption(new Option('--status <status>', 'only those in this status').choices(statuses))
    .addOption(new Option('--free', 'only those that are free').conflicts('status'))
    .action(async (options: Common & PciDevicesOptions) =>
      showPciDevices(await login(options), options, screen),
    );

  withCommonOptions(pci.command('pools'))
    .description('count what is free, per host and physical network')
    .action(async (options: Common) => showPciPools(await login(options), options, screen));

  addHostCommands(program, { login, screen });
  withCommonOptions(
    program.command('keystone').description('the Keystone of a cloud').command('register'),
  )
    .description(
      'write this compute API and its service user into Keystone; again, it changes nothing',
    )
    .option('--url <url>', 'where clients reach it: http://HOST:8774/v2.1')
    .option('--region <name>', 'of its endpoints', 'RegionOne')
    .option('--user <name>', 'the service user, with the roles admin and service on the project')
    .option('--project <name>', 'its project', 'service')
    .option('--domain <name>', 'of both', 'Default')
    .option('--password-file <file>', 'its password (default: one is made, and shown once)')
    .option(
      '--replace',
      'also where an endpoint leads elsewhere, as to a Nova, or the password is another',
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (options: Common & RegisterOptions) =>
      registerCompute(await login(options), options, screen),
    );
  withCommonOptions(program.command('explain'))
    .description('say where a server is, why, and with which devices')
    .argument('<server>', 'id or name')
    .option('--xml', 'show its libvirt domain XML too')
    .action(async (server: string, options: Common & { xml?: boolean }) =>
      showExplanation(await login(options), { ...options, server }, screen),
    );
  return pci;
}

function addHostCommands(
  program: Command,
  { login, screen }: { login: (options: Common) => Promise<Session>; screen: Screen },
): void {
  const host = program.command('host').description('hypervisors that dial in');
  withCommonOptions(host.command('enroll'))
    .description('let a host in: makes its token, which is shown this once')
    .argument('<name>', "the host's name, as its agent says it")
    .option('--replace', 'also when it has a token: that one is good no longer')
    .addOption(new Option('--quiet', 'print the token, and nothing else').conflicts('json'))
    .action(async (name: string, options: Common & EnrollOptions) =>
      enrollHost(await login(options), { ...options, name }, screen),
    );
  withCommonOptions(host.command('list'))
    .description('list hosts: in this process, enrolled, and how they are')
    .action(async (options: Common) => listHosts(await login(options), options, screen));
  withCommonOptions(host.command('revoke'))
    .description('put a host out: its token is good no longer; its guests go on')
    .argument('<name>')
    .action(async (name: string, options: Common) =>
      revokeHost(await login(options), { ...options, name }, screen),
    );
  withCommonOptions(host.command('forget'))
    .description('remove a host that will not return, with its devices and its token')
    .argument('<name>')
    .action(async (name: string, options: Common) =>
      forgetHost(await login(options), { ...options, name }, screen),
    );
}

function withCommonOptions(command: Command): Command {
  return command
    .option('--os-cloud <name>', 'the cloud of clouds.yaml to use')
    .option('--json', 'print one JSON document');
}
