/**
 * Node devices of libvirt on the emulated SR-IOV host: VFs with real interfaces, and udev that
 * reports them, the driver outside and libvirtd inside.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  describeNodeDevices,
  describeNodeDevicesOfVfs,
} from '#contracts/host/node-devices.contract.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { PciDeviceType, PciFunction } from '#core/pci/devices/device.ts';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import { LibvirtNodeDevices } from '#integrations/libvirt/node-devices.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { silentLog } from '#test/silent-log.ts';
import { type LabHost, startLabHost } from '../host.ts';
import { labDevices } from '../machine.ts';

const libvirtPort = 16_509;
const [pf] = labDevices.pfs;

let host: LabHost;
let child: LibvirtChild;

beforeAll(async () => {
  ensureDebianPackages(['libvirt0']);
  host = await startLabHost({ forwards: [libvirtPort] });
  const uri = `qemu+tcp://127.0.0.1:${host.portTo(libvirtPort)}/system`;
  child = new LibvirtChild({ uri, log: silentLog });
  await makeVfs(2);
  await vi.waitUntil(async () => (await vfsThatLibvirtKnows()) === 2, waitOptions);
});

afterAll(async () => {
  await child?.close();
  await host?.stop();
});

const waitOptions = { timeout: 60_000, interval: 500 };

function makeVfs(count: number): Promise<string> {
  return host.mustRun(`
    ip link set ${pf.interface} up
    echo 0 > /sys/class/net/${pf.interface}/device/sriov_numvfs
    echo ${count} > /sys/class/net/${pf.interface}/device/sriov_numvfs
    until [ -e /sys/class/net/${pf.interface}v${count - 1} ]; do sleep 0.1; done`);
}

/** Of those with an interface: libvirt lists function and interface one after the other. */
async function vfsThatLibvirtKnows(): Promise<number> {
  const vfs = (await functions()).filter(({ deviceType }) => deviceType === 'type-VF');
  const known = await new LibvirtNodeDevices({ child }).describe(vfs);
  return [...known.values()].filter(({ network }) => network !== undefined).length;
}

/** What sysfs shows inside, as far as it matters here. */
async function functions(): Promise<PciFunction[]> {
  const printed = await host.mustRun(`
    cd /sys/bus/pci/devices
    for at in *; do
      pf=$(basename "$(readlink $at/physfn)" .none)
      net=$(ls $at/net 2>/dev/null | head -n 1)
      echo "$at \${pf:--} \${net:--} $([ -e $at/sriov_totalvfs ] && echo pf || echo -)"
    done`);
  return printed.trim().split('\n').map(toFunction);
}

function toFunction(line: string): PciFunction {
  const [address = '', parent = '-', ifname = '-', isPf = '-'] = line.split(' ');
  const deviceType: PciDeviceType =
    parent !== '-' ? 'type-VF' : isPf === 'pf' ? 'type-PF' : 'type-PCI';
  return {
    address: parsePciAddress(address),
    vendorId: '8086',
    productId: '10ca',
    deviceType,
    parentAddress: parent === '-' ? null : parsePciAddress(parent),
    numaNode: null,
    ifname: ifname === '-' ? null : ifname,
    parentIfname: null,
    macAddress: null,
    capabilities: {},
  };
}

const suite = { make: async () => new LibvirtNodeDevices({ child }), functions };
describeNodeDevices('libvirt on the emulated host', suite);
describeNodeDevicesOfVfs('libvirt on the emulated host, with VFs', suite);

test('libvirt lists new VFs, and then their features', async () => {
  const nodeDevices = new LibvirtNodeDevices({ child });
  let reported = 0;
  const unwatch = nodeDevices.watch(() => {
    reported += 1;
  });
  await makeVfs(3);
  await expect.poll(() => reported, waitOptions).toBeGreaterThan(0);
  await expect.poll(() => vfsThatLibvirtKnows(), waitOptions).toBe(3);
  unwatch();
});
