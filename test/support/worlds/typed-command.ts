/** Command lines as a user types them, run against a recorded cloud. */
import { Command } from 'commander';
import { addCommands } from '#cli/commands.ts';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { addPciCheck } from '#cli/pci/pci-check-command.ts';
import type { LocalMachine } from '#cli/pci/pci-check.ts';
import type { RecordedCloud } from './recorded-cloud.ts';

/** The output, and the exit status that the command set, if any. */
export interface Typed {
  text: string;
  status: number | undefined;
}

export interface TypingOptions {
  /** More OS_* variables, or others. */
  variables?: Surroundings['variables'];
  machine?: LocalMachine;
}

/**
 * Example: `await typed(cloud, 'pci pools --json')`. Rejects with the message that the program
 * would print as its error.
 */
export async function typed(
  cloud: RecordedCloud,
  line: string,
  { variables = {}, machine }: TypingOptions = {},
): Promise<Typed> {
  const printed: Typed = { text: '', status: undefined };
  const { authUrl, username, password, projectName } = cloud.credentials;
  const program = new Command('novella').exitOverride().configureOutput({ writeErr: () => {} });
  const environment = {
    variables: {
      OS_AUTH_URL: authUrl,
      OS_USERNAME: username,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: projectName,
      ...variables,
    },
    workingFolder: '/nowhere',
    home: '/nowhere',
    version: '1.2.3',
    end: (status: number) => {
      printed.status = status;
    },
    screen: { isTerminal: false, write: (more: string) => void (printed.text += more) },
  };
  const pci = addCommands(program, environment);
  if (machine !== undefined) addPciCheck(pci, { ...environment, machine: async () => machine });
  await program.parseAsync(line.split(' '), { from: 'user' });
  return printed;
}
