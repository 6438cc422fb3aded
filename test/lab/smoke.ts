/**
 * Shows that the lab itself works: starts the host and hand-made guests and prints how long each
 * step took. Novella has no part in it.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { GuestReport } from './guest-console.ts';
import { type LabHost, startLabHost } from './host.ts';
import { hostImage } from './image.ts';
import { labDevices } from './machine.ts';
import { bridgedXml, type GuestOptions, startGuest, vfXml } from './smoke-guest.ts';

const vf = (macAddress: string, ipAddress: string, vfAddress: string) => ({
  ...{ macAddress, ipAddress },
  xml: vfXml({ macAddress, vfAddress }),
});
const bridgedMac = '52:54:00:6d:90:05';

const first = {
  name: 'first',
  uuid: '4dd2f2c5-2f0f-4f66-a1d5-1f26b0bbd001',
  nics: [vf('52:54:00:6d:90:02', '10.42.0.5', '0000:01:10.0')],
  drive: 'cdrom',
  processor: 'host-passthrough',
  hostDevice: labDevices.nvme.address,
} satisfies GuestOptions;
const second = {
  name: 'second',
  uuid: '4dd2f2c5-2f0f-4f66-a1d5-1f26b0bbd002',
  nics: [
    vf('52:54:00:6d:90:03', '10.42.0.6', '0000:02:10.2'),
    { macAddress: bridgedMac, ipAddress: '10.43.0.6', xml: bridgedXml('br43', bridgedMac) },
  ],
  drive: 'disk',
  processor: 'host-model',
} satisfies GuestOptions;
const third = { macAddress: '52:54:00:6d:90:04', vfAddress: '0000:01:10.4' };

/** Throws at the first failure. Takes two to four minutes. */
export async function smoke(): Promise<void> {
  await step('image', () => hostImage());
  const host = await step('host ready', () => startLabHost());
  try {
    await story(host);
  } finally {
    await step('stopped', () => host.stop());
  }
}

async function story(host: LabHost): Promise<void> {
  await step('four VFs of each PF', () => makeVfs(host));
  await step('bridge', () => makeBridge(host));
  const [one, two] = await step('two guests running', async () => [
    await startGuest(host, first),
    await startGuest(host, second),
  ]);
  const ready = await step('first guest ready', () => one.waitFor({ what: 'READY' }));
  assert.equal(ready['uuid'], first.uuid);
  await step('second guest ready', () => two.waitFor({ what: 'READY' }));
  for (const [console, { nics }] of [
    [one, first],
    [two, second],
  ] as const) {
    const { macAddress: mac, ipAddress } = nics[0]!;
    const nic = await console.waitFor({ what: 'NIC', mac }, 0);
    assert.equal(nic['driver'], 'igbvf');
    assert.equal(nic['addr'], `${ipAddress}/24`);
    const device = await console.waitFor({ what: 'DEVICE', mac }, 0);
    assert.equal(device['vlan'], '42');
  }
  const disks = await step('disks', () => one.command('disks'));
  assert.ok(
    disks.some(({ text }) => text === labDevices.nvme.text),
    JSON.stringify(disks),
  );
  await step('ping', async () =>
    receives(await one.command(`ping ${second.nics[0]!.ipAddress}`), '2/2'),
  );
  await step('ping by the bridge', async () =>
    receives(await two.command('ping 10.43.0.1'), '2/2'),
  );
  await step('hot-plug', async () => {
    writeFileSync(join(host.shareDirectory, 'plug.xml'), vfXml(third));
    await host.mustRun('virsh attach-device first /mnt/share/plug.xml --live');
    await one.waitFor({ what: 'NIC', mac: third.macAddress });
  });
  await step('unplug', async () => {
    await host.mustRun('virsh detach-device first /mnt/share/plug.xml --live');
    await one.waitFor({ what: 'NIC-GONE', mac: third.macAddress });
  });
  await step('power button', async () => {
    await host.mustRun('virsh shutdown first');
    await one.waitFor({ what: 'POWER-BUTTON' });
    await host.mustRun(`until [ "$(virsh domstate first)" = 'shut off' ]; do sleep 0.2; done`);
  });
  await step('poweroff command', async () => {
    await two.type('poweroff');
    await host.mustRun(`until [ "$(virsh domstate second)" = 'shut off' ]; do sleep 0.2; done`);
  });
}

async function makeVfs(host: LabHost): Promise<void> {
  for (const pf of labDevices.pfs) {
    const device = `/sys/bus/pci/devices/${pf.address}`;
    await host.mustRun(
      `ip link set ${pf.interface} up; echo 4 > ${device}/sriov_numvfs; udevadm settle`,
    );
    const names = await host.mustRun(`readlink ${device}/virtfn*`);
    assert.equal(names.trim().split('\n').length, 4);
  }
}

/** VLAN 43: a bridge whose uplink is no PF, and this host itself at 10.43.0.1, by a VF. */
async function makeBridge(host: LabHost): Promise<void> {
  await host.mustRun(`
    set -e
    ip link add link ${labDevices.uplink.interface} name uplink0.43 type vlan id 43
    ip link add br43 type bridge
    ip link set uplink0.43 master br43
    ip link set uplink0.43 up
    ip link set br43 up
    ip link set enp1s0 vf 3 vlan 43
    ip link set enp1s0v3 up
    ip addr add 10.43.0.1/24 dev enp1s0v3`);
}

function receives(reports: GuestReport[], received: string): void {
  assert.equal(reports.find(({ what }) => what === 'PING')?.['received'], received);
}

async function step<T>(name: string, act: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const result = await act();
  process.stdout.write(`${name.padEnd(24)} ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return result;
}
