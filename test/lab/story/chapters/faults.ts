/**
 * Chapter: a faulty host. Each refusal has the reason, and leaves host, port and pool unchanged.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labDevices } from '../../machine.ts';
import { labHostName } from '../agent.ts';
import type { Claim } from '../telling.ts';
import {
  ask,
  driverOf,
  expected,
  hostShows,
  killLibvirtd,
  startLibvirtd,
  vfsOf,
  type World,
} from '../world.ts';

interface Fault {
  /** The subject of the check. */
  what: string;
  /** A script on the host. */
  strike: string;
  /** A script on the host that reverses it. */
  mend: string;
  network: 'red' | 'redAcross';
  /** Of the server's fault. */
  words: RegExp;
}

const [first, second] = labDevices.pfs;
const onlyVf = '0000:02:10.0';
const bind = `echo ${onlyVf} > /sys/bus/pci/drivers_probe`;
const driverOverride = `/sys/bus/pci/devices/${onlyVf}/driver_override`;

const faults: Fault[] = [
  {
    what: 'a PF that is down',
    strike: `ip link set ${first.interface} down`,
    mend: `ip link set ${first.interface} up`,
    network: 'red',
    words: /PF enp1s0 is down/,
  },
  {
    what: 'a VF with a foreign driver',
    strike: `
      modprobe uio_pci_generic
      echo ${onlyVf} > /sys/bus/pci/devices/${onlyVf}/driver/unbind
      echo uio_pci_generic > ${driverOverride}
      ${bind}`,
    mend: `
      echo ${onlyVf} > /sys/bus/pci/devices/${onlyVf}/driver/unbind
      echo > ${driverOverride}
      ${bind}`,
    network: 'redAcross',
    words: /0000:02:10.0 is bound to uio_pci_generic/,
  },
  {
    what: 'a full disk',
    strike: `
      room=$(df --output=avail -B1 /var/lib/novella | tail -1)
      fallocate -l $((room - 65536)) /var/lib/novella/filler`,
    mend: 'rm -f /var/lib/novella/filler',
    network: 'red',
    words: /disk full: guest .* needs 2 MiB|is full/,
  },
  {
    what: 'a folder without write permission',
    strike: `
      mount --bind /var/lib/novella/guests /var/lib/novella/guests
      mount -o remount,bind,ro /var/lib/novella/guests`,
    mend: 'umount /var/lib/novella/guests',
    network: 'red',
    words: /read-only file system/i,
  },
  {
    what: 'a stopped libvirtd',
    strike: killLibvirtd,
    mend: startLibvirtd,
    network: 'red',
    words: /libvirtd at qemu:.* does not answer/,
  },
];

export async function tellOfFaults(world: World, claim: Claim): Promise<void> {
  const { host, agent, user } = world;
  await claim('novella doctor finds nothing to mend on the host', async () => {
    const { ok, checks } = await agent.doctor();
    const failing = checks.filter(({ level }) => level === 'fail');
    const words = failing.map(({ name, found }) => `${name}: ${found}`).join('; ');
    return expected(ok, ok ? `${checks.length} checks` : words);
  });
  for (const { what, strike, mend, network, words } of faults) {
    await claim(`${what} is reported, and nothing is left behind`, async () => {
      await host.mustRun(`set -e\n${strike}`);
      try {
        return await refused(world, network, words);
      } finally {
        await host.mustRun(`set -e\n${mend}`);
        await hostShows('the host to be well', async () =>
          (await user.problemsOf(labHostName)).length === 0 ? true : undefined,
        );
      }
    });
  }
  await claim('an image that is none is reported, and nothing is left behind', async () => {
    const file = join(host.shareDirectory, 'no-image');
    writeFileSync(file, 'no qcow2 at all');
    const requested = { name: 'broken', disk_format: 'qcow2', container_format: 'bare' };
    const imageId = await user.createImage(requested, file);
    rmSync(file);
    return refused({ ...world, imageId }, 'red', /is not a valid qcow2 image/);
  });
  await claim('the VF is its own driver’s again', async () => {
    const driver = await driverOf(world, onlyVf);
    return expected(driver === 'igbvf', driver);
  });
}

/**
 * Requests a server, which must fail with this message and leave everything unchanged. Returns the
 * message.
 */
async function refused(world: World, network: 'red' | 'redAcross', words: RegExp): Promise<string> {
  const { user, host, networks } = world;
  const port = await user.createPort(networks[network], 'direct');
  const id = await ask(world, 'unlucky', [port]);
  const message = await user.settled(id, 'ACTIVE').then(
    () => 'the server became ACTIVE',
    (error: Error) => error.message,
  );
  await user.deleteServer(id);
  const shown = await user.showPort(port.id);
  expected(
    shown['binding:host_id'] === '' && !('pci_slot' in shown['binding:profile']),
    `${message}; its port is still bound`,
  );
  const left = await host.mustRun('ls /var/lib/novella/guests; pgrep -fa [g]uest=instance || true');
  expected(left === '', `${message}; left on the host: ${left}`);
  const macs = [
    ...(await vfsOf(world, first.interface)),
    ...(await vfsOf(world, second.interface)),
  ];
  expected(
    !macs.some(({ address }) => address === port.mac_address),
    `${message}; a VF still has its MAC`,
  );
  return expected(words.test(message), message);
}
