/**
 * Chapter: a faulty host. Each refusal has the reason, and leaves host, port and pool unchanged.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labDevices } from '../../machine.ts';
import { labHostName } from '../agent.ts';
import type { Check } from '../story-report.ts';
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
  restore: string;
  network: 'red' | 'redAcross';
  /** Of the server's fault. */
  message: RegExp;
}

const [first, second] = labDevices.pfs;
const onlyVf = '0000:02:10.0';
const bind = `echo ${onlyVf} > /sys/bus/pci/drivers_probe`;
const driverOverride = `/sys/bus/pci/devices/${onlyVf}/driver_override`;

const faults: Fault[] = [
  {
    what: 'a PF that is down',
    strike: `ip link set ${first.interface} down`,
    restore: `ip link set ${first.interface} up`,
    network: 'red',
    message: /PF enp1s0 is down/,
  },
  {
    what: 'a VF with a foreign driver',
    strike: `
      modprobe uio_pci_generic
      echo ${onlyVf} > /sys/bus/pci/devices/${onlyVf}/driver/unbind
      echo uio_pci_generic > ${driverOverride}
      ${bind}`,
    restore: `
      echo ${onlyVf} > /sys/bus/pci/devices/${onlyVf}/driver/unbind
      echo > ${driverOverride}
      ${bind}`,
    network: 'redAcross',
    message: /0000:02:10.0 is bound to uio_pci_generic/,
  },
  {
    what: 'a full disk',
    strike: `
      room=$(df --output=avail -B1 /var/lib/novella | tail -1)
      fallocate -l $((room - 65536)) /var/lib/novella/filler`,
    restore: 'rm -f /var/lib/novella/filler',
    network: 'red',
    message: /disk full: guest .* needs 2 MiB|is full/,
  },
  {
    what: 'a folder without write permission',
    strike: `
      mount --bind /var/lib/novella/guests /var/lib/novella/guests
      mount -o remount,bind,ro /var/lib/novella/guests`,
    restore: 'umount /var/lib/novella/guests',
    network: 'red',
    message: /read-only file system/i,
  },
  {
    what: 'a stopped libvirtd',
    strike: killLibvirtd,
    restore: startLibvirtd,
    network: 'red',
    message: /libvirtd at qemu:.* does not answer/,
  },
];

export async function checkFaults(world: World, check: Check): Promise<void> {
  const { host, agent, user } = world;
  await check('novella doctor finds no fault on the host', async () => {
    const { ok, checks } = await agent.doctor();
    const failing = checks.filter(({ level }) => level === 'fail');
    const message = failing.map(({ name, found }) => `${name}: ${found}`).join('; ');
    return expected(ok, ok ? `${checks.length} checks` : message);
  });
  for (const { what, strike, restore, network, message } of faults) {
    await check(`${what} is reported, and nothing is left behind`, async () => {
      await host.mustRun(`set -e\n${strike}`);
      try {
        return await refused(world, network, message);
      } finally {
        await host.mustRun(`set -e\n${restore}`);
        await hostShows('the host to be healthy', async () =>
          (await user.problemsOf(labHostName)).length === 0 ? true : undefined,
        );
      }
    });
  }
  await check('an invalid image is reported, and nothing is left behind', async () => {
    const file = join(host.shareDirectory, 'no-image');
    writeFileSync(file, 'no qcow2 at all');
    const requested = { name: 'broken', disk_format: 'qcow2', container_format: 'bare' };
    const imageId = await user.createImage(requested, file);
    rmSync(file);
    return refused({ ...world, imageId }, 'red', /is not a valid qcow2 image/);
  });
  await check('the VF has its own driver again', async () => {
    const driver = await driverOf(world, onlyVf);
    return expected(driver === 'igbvf', driver);
  });
}

/**
 * Requests a server, which must fail with this message and leave everything unchanged. Returns the
 * message.
 */
async function refused(
  world: World,
  network: 'red' | 'redAcross',
  pattern: RegExp,
): Promise<string> {
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
  return expected(pattern.test(message), message);
}
