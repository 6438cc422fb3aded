/** `novella pci check` and `pci capture` for commander: options, help, exit statuses. */
import { type Command, Option } from 'commander';
import { ComputeError } from '#core/errors.ts';
import { cloudChoice, withCloud } from '../cloud-options.ts';
import type { CloudChoice, Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from '../terminal/examples.ts';
import { withJson } from '../terminal/json-option.ts';
import { exitStatus } from './exit-status.ts';
import type { LocalMachine, PciCheckOptions } from './pci-check.ts';
import type { Screen } from '../terminal/screen.ts';
import type { Session } from '#client/session/session.ts';

export interface PciCheckEnvironment extends Surroundings {
  screen: Screen;
  /** Loaded when one of the commands runs. */
  machine: () => Promise<LocalMachine>;
  /** Sets the exit status of the program. */
  end(status: number): void;
}

interface Options extends PciCheckOptions {
  against?: string | true;
}

const exitText = `
Exit status: 0 fine; 1 an entry is refused, or has no effect; 2 a server would
lose a device, or something cannot be read.`;

/**
 * Adds `check` and `capture` to the command `pci`. They throw ComputeError; the program prints it.
 */
export function addPciCheck(pci: Command, environment: PciCheckEnvironment): void {
  const { machine, screen } = environment;
  const capture = pci
    .command('capture')
    .description(`print this machine's PCI data, to run "pci check" elsewhere`)
    .option('--sysfs <folder>', 'the sysfs to read', '/sys')
    .action(async ({ sysfs }: { sysfs: string }) =>
      screen.write(await (await machine()).capture(sysfs)),
    );
  withExamples(capture, 'novella pci capture > hv1.sysfs');
  const check = withCloud(withJson(pci.command('check')))
    .description(
      'check a device list against a host: what it offers, what it does not, and why; changes nothing',
    )
    .addOption(
      new Option('--config <file>', 'read device specs from this novella.yaml')
        .conflicts('novaConf')
        .argParser(onlyOne('--config')),
    )
    .addOption(
      new Option(
        '--nova-conf <path>',
        'read device specs from this nova.conf or folder of *.conf; repeatable',
      ).argParser((path: string, before?: string[]) => [...(before ?? []), path]),
    )
    .option('--sysfs <path>', 'functions of this sysfs folder, or captured text (default: /sys)')
    .option('--against [url]', 'compare with the running controller (default: that of clouds.yaml)')
    .option(
      '--host <name>',
      'host name at the controller and in novella.yaml (default: this machine)',
    )
    .addOption(
      new Option(
        '--all-hosts',
        'all hosts of the controller, from the devices recorded at the controller',
      ).conflicts(['host', 'sysfs']),
    )
    .addHelpText('after', exitText)
    .action(async (options: Options, command: Command) => {
      try {
        const session = await sessionOf(options, cloudChoice(command), environment);
        const { checkPci } = await import('./pci-check.ts');
        environment.end(await checkPci(options, await machine(), { session, screen }));
      } catch (error) {
        environment.end(exitStatus.unsafe);
        throw error;
      }
    });
  withExamples(
    check,
    'novella pci check --config novella.yaml',
    'novella pci check --nova-conf /etc/nova/nova.conf --sysfs hv1.sysfs --against',
    'novella pci check --config new.yaml --all-hosts',
  );
}

/** An option with one value: a second one would silently replace the first. */
function onlyOne(option: string) {
  return (value: string, before?: string): string => {
    if (before === undefined) return value;
    throw new ComputeError('invalid', `${option} "${value}": is given twice; name one`);
  };
}

/** undefined: nothing to compare with. */
async function sessionOf(
  { against, allHosts }: Options,
  choice: CloudChoice,
  environment: PciCheckEnvironment,
): Promise<Session | undefined> {
  const isCloudGiven = choice.name !== undefined || Object.keys(choice.values).length > 0;
  if (against === undefined && !isCloudGiven && allHosts !== true) return undefined;
  if (typeof against === 'string' && !(URL.canParse(against) && /^https?:/.test(against))) {
    throw new ComputeError(
      'invalid',
      `--against "${against}": must be the address of a controller, such as http://127.0.0.1:8774`,
    );
  }
  const { findCloud } = await import('#client/cloud/clouds-yaml.ts');
  const { openSession } = await import('#client/session/session.ts');
  const cloud = findCloud(environment, choice);
  if (typeof against !== 'string') return openSession(cloud);
  return openSession({ ...cloud, computeUrl: `${new URL(against).origin}/v2.1` });
}
