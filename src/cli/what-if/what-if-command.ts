/** `novella what-if` for commander: options and help. */
import type { Command } from 'commander';
import type { Session } from '#client/session/session.ts';
import { withCloud } from '../cloud-options.ts';
import { withExamples } from '../terminal/examples.ts';
import { withJson } from '../terminal/json-option.ts';
import type { Screen } from '../terminal/screen.ts';
import {
  readCount,
  readDevice,
  readHint,
  readNic,
  readNumber,
  readProperty,
  type WhatIfOptions,
} from './what-if-options.ts';

const helpText = `
A --nic has the keys vnic-type (default: normal), and physical-network or
network (name or id); also numa-policy and trusted.

Exit status: 0; 1 fewer servers fit than --count names, or an error.`;

interface Parts {
  login: (command: Command) => Promise<Session>;
  screen: Screen;
  end: (status: number) => void;
}

/** Adds the command. It throws ComputeError; the program prints it. */
export function addWhatIf(program: Command, { login, screen, end }: Parts): void {
  const command = withCloud(withJson(program.command('what-if')))
    .description('show where a server would be placed, or how many more fit; claims nothing')
    .option('--flavor <flavor>', 'its flavor: id or name')
    .option('--vcpus <number>', 'instead of a flavor', readNumber)
    .option('--ram <MiB>', 'instead of a flavor', readNumber)
    .option('--disk <GiB>', 'instead of a flavor (default: 0)', readNumber)
    .option(
      '--property <key=value>',
      'instead of a flavor: an extra spec; repeatable',
      readProperty,
    )
    .option('--nic <key=value,…>', 'a NIC; repeatable', readNic)
    .option('--device <alias:count>', 'devices of an alias; repeatable', readDevice)
    .option('--image-property <key=value>', 'a property of its image; repeatable', readProperty)
    .option('--availability-zone <zone>', 'only hosts of this zone')
    .option('--host <name>', 'only this host')
    .option('--hint <key=id>', 'group, same_host or different_host; repeatable', readHint)
    .option('--count <number>', 'how many servers alike; max: as many as fit', readCount, 1)
    .addHelpText('after', helpText)
    .action(async (options: WhatIfOptions, self: Command) => {
      const { showWhatIf } = await import('./what-if.ts');
      end(await showWhatIf(await login(self), options, screen));
    });
  withExamples(
    command,
    'novella what-if --flavor 2 --nic vnic-type=direct,physical-network=physnet1',
    'novella what-if --vcpus 4 --ram 8192 --device gpu:1 --count max',
  );
}
