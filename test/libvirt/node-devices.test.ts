/**
 * Node devices of a real libvirtd: the PCI functions of this machine, as sysfs shows them, and a
 * libvirtd that has no driver for them.
 */
import { describeNodeDevices } from '#contracts/host/node-devices.contract.ts';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import { LibvirtNodeDevices } from '#integrations/libvirt/node-devices.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { PrivateLibvirtd } from '#test/hosts/private-libvirtd.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

let libvirtd: PrivateLibvirtd;
let child: LibvirtChild;

beforeAll(async () => {
  libvirtd = await PrivateLibvirtd.start();
  child = new LibvirtChild({ uri: libvirtd.uri, log: silentLog });
});
afterAll(async () => {
  await child.close();
  await libvirtd.stop();
});

const functions = async () => (await new SysfsPciBus({ root: '/sys' }).listFunctions()).functions;

describeNodeDevices('libvirt', { make: async () => new LibvirtNodeDevices({ child }), functions });

test('a libvirtd without a driver for node devices says so, and answers all else', async () => {
  const nodeDevices = new LibvirtNodeDevices({ child });
  await libvirtd.killDaemon();
  await libvirtd.startDaemon({ withoutDriver: 'nodedev' });
  const answers = () => child.call('hostFacts', []).then(({ type }) => type, String);
  await expect.poll(answers, { timeout: 60_000 }).toBe('QEMU');
  await expect(nodeDevices.describe(await functions())).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/^list the host's devices: .*not supported/),
  });
  expect(await child.call('listDomains', [])).toEqual([]);
});
