/**
 * Chapter: the same ways without Novella. A guest made by hand, with the hardware that Novella's
 * have, is moved by `virsh migrate`; what that takes is what Novella's moves are compared with.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labDevices, twins } from '../../machine.ts';
import { emptyDisk, guestFiles, startGuest, vfXml } from '../../smoke-guest.ts';
import type { Check } from '../../story/story-report.ts';
import { expected, hostShows } from '../../story/world.ts';
import { baselineOf, difference } from '../baseline.ts';
import {
  described,
  figuresOf,
  type HostName,
  labs,
  type MovesWorld,
  numberOf,
} from '../moves-world.ts';
import { answersTo, peerVlan, subnet } from '../peers.ts';
import { watched } from '../watch.ts';

const name = 'plain';
const macAddress = '52:54:00:6d:91:01';
const ipAddress = `${subnet}.150`;
const network = 'lab-plain';
const [pf] = labDevices.pfs;

/** Each host's VF for it; not the same number on both. */
const vfs = {
  hosta: { dev: `${pf.interface}v0`, address: '0000:01:10.0' },
  hostb: { dev: `${pf.interface}v1`, address: '0000:01:10.2' },
} as const;

const macvtapXml = (on: HostName) => `<interface type='direct'><mac address='${macAddress}'/>
  <source dev='${vfs[on].dev}' mode='passthrough'/><model type='virtio'/><driver name='vhost'/>
  <vlan><tag id='${peerVlan}'/></vlan></interface>`;
const networkNicXml = `<interface type='network'><mac address='${macAddress}'/>
  <source network='${network}'/><model type='virtio'/></interface>`;
const networkXml = (on: HostName) => `<network><name>${network}</name>
  <forward mode='passthrough'><interface dev='${vfs[on].dev}'/></forward>
  <vlan><tag id='${peerVlan}'/></vlan></network>`;
const directXml = (on: HostName) => vfXml({ macAddress, vfAddress: vfs[on].address });

export async function checkPlainMoves(world: MovesWorld, check: Check): Promise<void> {
  const { hosta, hostb } = labs(world);
  const before = { hosta: await baselineOf(hosta), hostb: await baselineOf(hostb) };
  await check('a guest with a macvtap on a VF runs on hosta', async () => {
    const nic = { macAddress, ipAddress, xml: macvtapXml('hosta') };
    const console = await startGuest(hosta, {
      ...{ name, uuid: '4dd2f2c5-2f0f-4f66-a1d5-1f26b0bbd0aa', nics: [nic], hasDisk: true },
      ...{ drive: 'cdrom', processor: 'host-passthrough' },
    });
    await console.waitFor({ what: 'READY' });
    return reachable(world);
  });
  await stage(world);
  await check('macvtap, with the other VF in --xml', () =>
    moved(world, { way: 'macvtap', from: 'hosta', to: 'hostb' }, () =>
      migrate(world, 'hosta', 'hostb', `s/${vfs.hosta.dev}/${vfs.hostb.dev}/`),
    ),
  );
  await check('macvtap by a libvirt network of the same name', async () => {
    await replaceNic(world, 'hostb', macvtapXml('hostb'), networkNicXml);
    await reachable(world);
    return moved(world, { way: 'network', from: 'hostb', to: 'hosta' }, () =>
      migrate(world, 'hostb', 'hosta'),
    );
  });
  await check('direct: unplugged, migrated, plugged', async () => {
    await replaceNic(world, 'hosta', networkNicXml, directXml('hosta'));
    await reachable(world);
    return moved(world, { way: 'direct', from: 'hosta', to: 'hostb' }, async () => {
      await unplug(world, 'hosta', directXml('hosta'));
      await migrate(world, 'hosta', 'hostb');
      await plug(world, 'hostb', directXml('hostb'));
    });
  });
  for (const host of [hosta, hostb]) {
    await host.run(`
      virsh -q destroy ${name}; virsh -q undefine ${name}
      virsh -q net-destroy ${network}; virsh -q net-undefine ${network}`);
  }
  await check('its end leaves both hosts as they were', async () => {
    const left = [
      difference(before.hosta, await baselineOf(hosta)),
      difference(before.hostb, await baselineOf(hostb)),
    ].filter((text) => text !== '');
    return expected(left.length === 0, left.join('; ') || 'VFs, drivers, domains, networks');
  });
}

/** Gives hostb the files that no migration copies, and both hosts the network. */
async function stage(world: MovesWorld): Promise<void> {
  const { hosta, hostb } = labs(world);
  const { configDrive, disk } = guestFiles(name);
  await hosta.mustRun(`cp ${configDrive} /mnt/share/${name}.iso`);
  const shared = (folder: string) => join(folder, `${name}.iso`);
  copyFileSync(shared(hosta.shareDirectory), shared(hostb.shareDirectory));
  await hostb.mustRun(`set -e; cp /mnt/share/${name}.iso ${configDrive}; ${emptyDisk(disk)}`);
  for (const on of ['hosta', 'hostb'] as const) {
    const host = world.hosts[on].host;
    writeFileSync(join(host.shareDirectory, 'network.xml'), networkXml(on));
    await host.mustRun(`
      virsh -q net-define /mnt/share/network.xml && virsh -q net-start ${network}`);
  }
}

/** Moves it, watched; keeps the figures, and returns them as text. */
async function moved(
  world: MovesWorld,
  { way, from, to }: { way: string; from: HostName; to: HostName },
  act: () => Promise<void>,
): Promise<string> {
  const seen = await watched(labs(world), { address: ipAddress, mac: macAddress }, act);
  const { host } = world.hosts[to];
  const info = await host.mustRun(`virsh domjobinfo --completed ${name}`);
  const downtime = /Total downtime: +(\d+)/.exec(info)?.[1] ?? '?';
  const answers = await answersTo(host, 'far', ipAddress);
  const running = await world.hosts[from].host.mustRun('virsh -q list --name');
  expected(answers > 0 && !running.includes(name), `${answers} of 4 pings answered after it`);
  world.plain.set(way, figuresOf(seen));
  return `QEMU downtime ${downtime} ms; ${described(seen)}`;
}

/** `edit`: a sed expression for the domain on the other host. */
async function migrate(
  world: MovesWorld,
  from: HostName,
  to: HostName,
  edit?: string,
): Promise<void> {
  const xml = (options: string, file: string) =>
    `virsh dumpxml --migratable ${options} ${name} | sed '${edit}' > ${file}`;
  const prepared =
    edit === undefined ? '' : `${xml('', '/run/live.xml')}\n${xml('--inactive', '/run/later.xml')}`;
  const files = edit === undefined ? '' : '--xml /run/live.xml --persistent-xml /run/later.xml';
  await world.hosts[from].host.mustRun(`
    set -e
    ${prepared}
    virsh -q migrate --live --p2p --persistent --undefinesource --copy-storage-inc ${files} \\
      ${name} qemu+tcp://${twins[numberOf[to]].name}/system`);
}

async function replaceNic(
  world: MovesWorld,
  on: HostName,
  old: string,
  another: string,
): Promise<void> {
  await unplug(world, on, old);
  await plug(world, on, another);
}

async function plug(world: MovesWorld, on: HostName, xml: string): Promise<void> {
  await device(world, on, 'attach', xml);
}

async function unplug(world: MovesWorld, on: HostName, xml: string): Promise<void> {
  await device(world, on, 'detach', xml);
  const { host } = world.hosts[on];
  await host.mustRun(`while virsh dumpxml ${name} | grep -q '${macAddress}'; do sleep 0.1; done`);
}

async function device(
  world: MovesWorld,
  on: HostName,
  verb: 'attach' | 'detach',
  xml: string,
): Promise<void> {
  const { host } = world.hosts[on];
  writeFileSync(join(host.shareDirectory, 'nic.xml'), xml);
  await host.mustRun(`virsh -q ${verb}-device ${name} /mnt/share/nic.xml --live`);
}

async function reachable(world: MovesWorld): Promise<string> {
  return hostShows('the guest to answer', async () => {
    const answers = await answersTo(world.hosts.hosta.host, 'far', ipAddress);
    return answers > 0 ? `${answers} of 4 pings answered` : undefined;
  });
}
