/** NICs on an Open vSwitch, as a Neutron with the mechanism `openvswitch` binds normal ports. */
import { randomUUID } from 'node:crypto';
import type { GuestNic } from '#core/guests/description/guest.ts';
import { handOverSteps } from '#core/guests/plan/hand-over-steps.ts';
import { LinuxTaps } from '#integrations/iproute2/taps.ts';
import { aGuest, anOvsNic, aTapNic, virtio } from '#test/hosts/guests.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { OpenVswitch } from '#test/hosts/open-vswitch.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const bridge = `nvovs${process.pid}`;

const tapName = `nvt${process.pid}`;
const leftTap = {
  ...{ devName: tapName, macAddress: 'fa:16:3e:00:00:01', mtu: null, isMultiQueue: false },
  ovs: { bridge, interfaceId: '' },
};

let host: LibvirtHost;
let ovs: OpenVswitch;

const taps = () => new LinuxTaps({ run: host.libvirtd.run });

beforeAll(async () => {
  host = await LibvirtHost.start();
  ovs = OpenVswitch.start(host.libvirtd);
  ovs.addBridge(bridge);
});
afterEach(async () => {
  await host.clear();
  // Where a test has ended early.
  await taps().removeTap(leftTap);
});
afterAll(async () => {
  ovs.removeBridge(bridge);
  await host.stop();
});

test('a guest’s NIC is a port of the switch that names the Neutron port, while the guest runs', async () => {
  const hypervisor = await host.hypervisor();
  const portId = randomUUID();
  const devName = `nvo${process.pid}`;
  const nic = anOvsNic({ bridge, devName, portId });
  const guest = aGuest({ id: randomUUID(), memoryMib: 128, nics: [nic] });
  await host.prepare(guest);
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  expect(ovs.ports(bridge)).toEqual([devName]);
  expect(ovs.externalIds(devName)).toMatchObject({
    'iface-id': portId,
    'attached-mac': nic.macAddress,
    'iface-status': 'active',
    'vm-id': guest.id,
  });
  await hypervisor.destroy(guest.id);
  expect(ovs.ports(bridge)).toEqual([]);
});

test('a NIC attached to a running guest is such a port until it is detached', async () => {
  const hypervisor = await host.hypervisor({ detachMs: 60_000 });
  const guest = aGuest({ id: randomUUID(), memoryMib: 128, kernel: host.kernel() });
  await host.prepare(guest);
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  await host.whenUp(guest);
  const portId = randomUUID();
  const devName = `nvp${process.pid}`;
  const nic = anOvsNic({ bridge, devName, portId });
  await hypervisor.attachNic(guest.id, nic, {});
  expect(ovs.externalIds(devName)).toMatchObject({ 'iface-id': portId });
  await hypervisor.detachNic(guest.id, nic);
  expect(ovs.ports(bridge)).toEqual([]);
});

test.each([null, 2])('a guest uses the tap that the agent created: queues %s', async (queues) => {
  const hypervisor = await host.hypervisor();
  const portId = randomUUID();
  const nic = {
    ...aTapNic(),
    ...{ portId, devName: tapName, mtu: 1450, ovs: { bridge, interfaceId: portId } },
    frontend: { ...virtio, queues },
  } as GuestNic;
  const guest = aGuest({ id: randomUUID(), memoryMib: 128, vcpus: 2, nics: [nic] });
  const [step] = handOverSteps(guest.id, nic);
  if (step?.do !== 'make-tap') throw new Error('no tap is planned');
  await taps().ensureTap(step.tap, guest.id);
  expect(ovs.externalIds(tapName)).toMatchObject({ 'iface-id': portId });
  await host.prepare(guest);
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  await hypervisor.destroy(guest.id);
  expect(ovs.ports(bridge)).toEqual([tapName]);
  await taps().removeTap(step.tap);
  expect(ovs.ports(bridge)).toEqual([]);
  expect(await host.libvirtd.run(['ip', '-br', 'link'])).not.toContain(tapName);
});

test('a missing bridge is reported by its name', async () => {
  const hypervisor = await host.hypervisor();
  const devName = `nvq${process.pid}`;
  const nic = anOvsNic({ bridge: 'br-nowhere', devName, portId: randomUUID() });
  const guest = aGuest({ id: randomUUID(), memoryMib: 128, nics: [nic] });
  await host.prepare(guest);
  await hypervisor.define(guest, {});
  await expect(hypervisor.start(guest.id)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('br-nowhere'),
  });
});
