/** NICs on an Open vSwitch, as a Neutron with the mechanism `openvswitch` binds normal ports. */
import { randomUUID } from 'node:crypto';
import { aGuest, anOvsNic } from '#test/guests.ts';
import { LibvirtHost } from '#test/libvirt-host.ts';
import { OpenVswitch } from '#test/open-vswitch.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const bridge = `nvovs${process.pid}`;

let host: LibvirtHost;
let ovs: OpenVswitch;

beforeAll(async () => {
  host = await LibvirtHost.start();
  ovs = OpenVswitch.start(host.libvirtd);
  ovs.addBridge(bridge);
});
afterEach(() => host.clear());
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

test('one that a running guest takes and releases comes and goes with it', async () => {
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

test('a bridge that is not there is told by its name', async () => {
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
