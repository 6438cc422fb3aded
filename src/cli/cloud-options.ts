/**
 * The cloud options of the command line, as in the stock client, before the command or after it.
 */
import type { Command } from 'commander';
import { Option } from 'commander';
import { ComputeError } from '#core/errors.ts';
import { authKeys, type CloudKey, placeKeys } from '#client/cloud/cloud-credentials.ts';
import type { CloudChoice } from '#client/cloud/clouds-yaml.ts';

const keys: readonly CloudKey[] = [...authKeys, ...placeKeys];
const cloudCommands = new WeakSet<Command>();

const help = `
The cloud: --os-cloud NAME or OS_CLOUD names an entry of clouds.yaml; or the
OS_* variables; or options named like them (--os-auth-url, --os-username …).`;

/** Adds the options to the program; a command without a sign-in refuses them. */
export function addCloudOptions(program: Command): void {
  program.option('--os-cloud <name>', 'the cloud of clouds.yaml to use');
  for (const key of keys) program.addOption(new Option(`${flagOf(key)} <value>`).hideHelp());
  program.hook('preAction', (_program, command) => {
    if (cloudCommands.has(command)) return;
    const [given] = ['--os-cloud', ...keys.map(flagOf)].filter((flag) => valueOf(program, flag));
    if (given === undefined) return;
    throw new ComputeError(
      'invalid',
      `${given}: novella ${pathOf(command)} does not sign in to a cloud`,
    );
  });
}

/** Marks a command that sends requests to a cloud. */
export function withCloud(command: Command): Command {
  cloudCommands.add(command);
  return command.addHelpText('after', help);
}

/** The option values of this command's program. */
export function cloudChoice(command: Command): CloudChoice {
  const program = rootOf(command);
  const values = keys.flatMap((key) => {
    const value = valueOf(program, flagOf(key));
    return value === undefined ? [] : [[key, value] as const];
  });
  return { name: valueOf(program, '--os-cloud'), values: Object.fromEntries(values) };
}

/** Example: `auth_url` → `--os-auth-url`. */
function flagOf(key: CloudKey): string {
  return `--os-${key.replaceAll('_', '-')}`;
}

function valueOf(program: Command, flag: string): string | undefined {
  const option = program.options.find(({ long }) => long === flag);
  return option && (program.getOptionValue(option.attributeName()) as string | undefined);
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** Example: `pci capture`. */
function pathOf(command: Command): string {
  const { parent } = command;
  if (parent === null || parent.parent === null) return command.name();
  return `${pathOf(parent)} ${command.name()}`;
}
