import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeHostLinks } from '#contracts/host/host-links.contract.ts';
import { HostFaults } from '#integrations/simulated/host-faults.ts';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { freshFile } from '#test/fresh-file.ts';
import { SysfsLinks } from './host-links.ts';

describeHostLinks('simulated', () => {
  const faults = new HostFaults();
  const functions = describedFunctions([{ kind: 'PF', bus: '3b', vfs: 1 }]);
  return {
    links: new SimulatedLinks({ functions }, faults),
    nic: functions[0]?.ifname ?? '',
    bridge: 'br0',
    shrink() {
      faults.set('low-mtu', true);
      faults.set('no-bridges', true);
    },
  };
});

/** A tree of sysfs with these interfaces. */
function aTree() {
  const root = freshFile('sys');
  const write = (name: string, file: string, text: string) => {
    mkdirSync(join(root, 'class/net', name), { recursive: true });
    writeFileSync(join(root, 'class/net', name, file), `${text}\n`);
  };
  for (const name of ['enp3s0', 'br0', 'uplink0']) write(name, 'mtu', '9000');
  write('tap0', 'mtu', '1280');
  write('tap0', 'tun_flags', '0x5102');
  for (const port of ['uplink0', 'tap0']) {
    mkdirSync(join(root, 'class/net/br0/brif', port), { recursive: true });
  }
  return { root, write };
}

describeHostLinks('sysfs', () => {
  const { root, write } = aTree();
  return {
    ...{ links: new SysfsLinks({ root }), nic: 'enp3s0', bridge: 'br0' },
    shrink() {
      write('enp3s0', 'mtu', '1280');
      rmSync(join(root, 'class/net/br0'), { recursive: true });
    },
  };
});

test.each(['none', '../net/enp3s0', '.', '', 'enp3s0/../enp3s0'])(
  'the host has no interface %j',
  async (name) => {
    expect(await new SysfsLinks({ root: aTree().root }).interfaceNamed(name)).toBeNull();
  },
);
