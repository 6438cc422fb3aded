/**
 * A failing host is reported with its cause, another is tried where that helps, and the failing one
 * is restored.
 */
import { expect } from 'vitest';
import type { SimulatedFault } from '#integrations/simulated/host-faults.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const faults: { fault: SimulatedFault; vnic: 'direct' | 'macvtap'; words: RegExp }[] = [
  { fault: 'libvirt-absent', vnic: 'direct', words: /libvirt-sock': No such file or directory/ },
  { fault: 'permission-denied', vnic: 'direct', words: /Could not open .*: Permission denied/ },
  { fault: 'pf-down', vnic: 'direct', words: /PF enp1s0 is down, its VF 0000:01:10.0 would/ },
  { fault: 'pf-down', vnic: 'macvtap', words: /PF enp1s0 is down, its VF 0000:01:10.0 would/ },
  { fault: 'foreign-driver', vnic: 'direct', words: /0000:01:10.0 is bound to uio_pci_generic/ },
  {
    fault: 'foreign-driver',
    vnic: 'macvtap',
    words: /0000:01:10.0 has no network interface, which a macvtap port needs/,
  },
  { fault: 'iommu-off', vnic: 'direct', words: /IOMMU is off, PCI device 0000:01:10.0 cannot/ },
  { fault: 'disk-full', vnic: 'direct', words: /No space left on device/ },
];

/** Nothing of the server is left on any host, and its port is unbound. */
async function expectIntact(cloud: Cloud, port: string): Promise<void> {
  expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
  expect(await cloud.showPort(port)).toMatchObject({
    'binding:host_id': '',
    'binding:vif_type': 'unbound',
    'binding:profile': {},
    device_id: '',
  });
}

for (const { fault, vnic, words } of faults) {
  scenario(
    `${fault}, ${vnic}: the other host takes the server; with both failing, the fault has the reason`,
    async (cloud, { hosts }) => {
      const red = await cloud.network('red');
      const port = await cloud.port(red, vnic);
      // The fault happens between two reports: the scheduler does not know of it. What a report
      // shows is in the tests below.
      const strike = (host: string, isOn = true) => hosts.setFault(host, fault, isOn);
      strike('host-1');
      const lucky = await cloud.boot([{ port }]);
      const server = await cloud.settled(lucky, 'ACTIVE', 'ERROR');
      expect([server.status, server['OS-EXT-SRV-ATTR:host']]).toEqual(['ACTIVE', 'host-2']);
      await cloud.send('compute', 'DELETE', `/servers/${lucky}`);
      await cloud.gone(lucky);
      await hosts.onHost('host-1', async ({ hypervisor }) =>
        expect(await hypervisor.listGuests()).toEqual([]),
      );
      strike('host-2');
      const unlucky = await cloud.boot([{ port }]);
      const { fault: messages } = await cloud.settled(unlucky, 'ACTIVE', 'ERROR');
      expect(messages.message).toMatch(words);
      expect(messages.message).toMatch(/host-1, host-2: /);
      strike('host-1', false);
      strike('host-2', false);
      await expectIntact(cloud, port);
      const again = await cloud.boot([{ port }]);
      await cloud.settled(again, 'ACTIVE');
    },
  );
}

const unfit: { fault: SimulatedFault; words: string; withoutDevice: string }[] = [
  {
    fault: 'libvirt-absent',
    words: 'host-1, host-2: health: the hypervisor does not answer: Failed to connect socket',
    withoutDevice: 'ERROR',
  },
  {
    fault: 'iommu-off',
    words: 'host-1, host-2: health: IOMMU: off: the kernel made no IOMMU groups',
    withoutDevice: 'ACTIVE',
  },
  {
    fault: 'disk-full',
    words: 'host-1, host-2: health: State directory: /var/lib/novella is full',
    withoutDevice: 'ERROR',
  },
];

for (const { fault, words, withoutDevice } of unfit) {
  scenario(
    `${fault}, reported: no server is placed there, with that reason; the service stays up`,
    async (cloud, { hosts }) => {
      const red = await cloud.network('red');
      const [direct, macvtap] = [await cloud.port(red, 'direct'), await cloud.port(red, 'macvtap')];
      for (const host of ['host-1', 'host-2']) hosts.setFault(host, fault);
      await hosts.refresh();
      const refused = await cloud.settled(await cloud.boot([{ port: direct }]), 'ACTIVE', 'ERROR');
      expect(refused.fault.message).toContain(words);
      // A macvtap stays with the host: only the hypervisor's own problems rule it out.
      const tapped = await cloud.settled(await cloud.boot([{ port: macvtap }]), 'ACTIVE', 'ERROR');
      expect(tapped.status).toBe(withoutDevice);
      const plain = await cloud.settled(await cloud.boot([{ uuid: red }]), 'ACTIVE', 'ERROR');
      expect(plain.status).toBe(withoutDevice);
      const { services } = await cloud.ok('compute', 'GET', '/os-services');
      expect(services.map(({ state }: { state: string }) => state)).toEqual(['up', 'up']);
      const { hosts: shown } = await cloud.ok('operator', 'GET', '/hosts');
      expect(shown[0].problems).toHaveLength(1);
      expect(shown[0].problems[0].blocks).toBe(withoutDevice === 'ACTIVE' ? 'passthrough' : 'all');

      for (const host of ['host-1', 'host-2']) hosts.setFault(host, fault, false);
      await hosts.refresh();
      await cloud.settled(await cloud.boot([{ port: direct }]), 'ACTIVE');
      const { hosts: after } = await cloud.ok('operator', 'GET', '/hosts');
      expect(after.map(({ problems }: { problems: object[] }) => problems)).toEqual([[], []]);
    },
  );
}

scenario(
  'a NIC is attached to no server of a host that cannot pass devices through',
  async (cloud, { hosts }) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const id = await cloud.boot([{ uuid: red }]);
    await cloud.settled(id, 'ACTIVE');
    for (const host of ['host-1', 'host-2']) hosts.setFault(host, 'iommu-off');
    await hosts.refresh();
    const body = { interfaceAttachment: { port_id: port } };
    const reply = await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, { body });
    expect([reply.status, reply.body.badRequest.message]).toEqual([
      400,
      expect.stringContaining('IOMMU: off'),
    ]);
    await expectIntact(cloud, port);
  },
);

scenario(
  'libvirt stops and comes back: its host reports it at once, and its servers stay unchanged',
  async (cloud, { hosts }) => {
    const red = await cloud.network('red');
    const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    const problemsOf = async () => {
      const { hosts: shown } = await cloud.ok('operator', 'GET', `/hosts?host=${host}`);
      return shown[0];
    };
    const before = await problemsOf();
    hosts.setFault(host, 'libvirt-absent');
    const lost = await cloud.until(async () => {
      const value = await problemsOf();
      return { done: value.problems.length > 0, value };
    });
    expect([lost.vcpus, lost.devices_free]).toEqual([before.vcpus, before.devices_free]);
    expect((await cloud.settled(id, 'ACTIVE'))['OS-EXT-STS:power_state']).toBe(1);
    hosts.setFault(host, 'libvirt-absent', false);
    await cloud.until(async () => {
      const value = await problemsOf();
      return { done: value.problems.length === 0, value };
    });
    expect((await cloud.settled(id, 'ACTIVE'))['OS-EXT-STS:power_state']).toBe(1);
  },
);

scenario(
  'a server is deleted while libvirt is down; its VF is free once libvirt has released it',
  async (cloud, { hosts }) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const id = await cloud.boot([{ port }]);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    hosts.setFault(host, 'libvirt-absent');
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:profile': {} });
    expect((await cloud.freeVfs('physnet1'))[host]).toBe(3);
    hosts.setFault(host, 'libvirt-absent', false);
    await cloud.until(async () => {
      const free = await cloud.freeVfs('physnet1');
      return { done: free[host] === 4, value: free };
    });
    await hosts.onHost(host, async ({ hypervisor }) =>
      expect(await hypervisor.listGuests()).toEqual([]),
    );
  },
);

/** An active image with these bytes; its id. */
async function image(cloud: Cloud, content: Uint8Array): Promise<string> {
  const requested = { name: 'i', container_format: 'bare', disk_format: 'qcow2' };
  const { id } = await cloud.ok('image', 'POST', '/v2/images', requested);
  await cloud.send('image', 'PUT', `/v2/images/${id}/file`, {
    bytes: new Uint8Array(content),
    headers: { 'content-type': 'application/octet-stream' },
  });
  return id;
}

scenario(
  'a corrupt image is reported as such, no second host tries it, and the first is restored',
  async (cloud) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const imageRef = await image(cloud, Buffer.from('no qcow2 at all'));
    const id = await cloud.boot([{ port }], { imageRef });
    const { fault } = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(fault.message).toBe(
      `image ${imageRef} is not a valid qcow2 image: it does not begin as one`,
    );
    await expectIntact(cloud, port);
  },
);

scenario(
  'an image that is deleted before the host requests it is reported as such, and the host is restored',
  async (cloud, { hosts }) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const imageRef = await image(cloud, Buffer.from('never looked at'));
    for (const host of ['host-1', 'host-2']) hosts.kill(host);
    const id = await cloud.boot([{ port }], { imageRef });
    await cloud.until(async () => {
      const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
      return { done: server['OS-EXT-STS:task_state'] === 'spawning', value: server };
    });
    expect((await cloud.send('image', 'DELETE', `/v2/images/${imageRef}`)).status).toBe(204);
    for (const host of ['host-1', 'host-2']) await hosts.start(host);
    const { fault } = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(fault.message).toBe(`image ${imageRef} no longer exists`);
    await expectIntact(cloud, port);
  },
);

scenario(
  'libvirt stops while a server is on its way to the host: the other host takes it at once',
  async (cloud, { hosts }) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    for (const host of ['host-1', 'host-2']) hosts.kill(host);
    const id = await cloud.boot([{ port }]);
    const first = await cloud.until(async () => {
      const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
      return { done: server['OS-EXT-STS:task_state'] === 'spawning', value: server };
    });
    const unlucky = first['OS-EXT-SRV-ATTR:host'];
    hosts.setFault(unlucky, 'libvirt-absent');
    for (const host of ['host-1', 'host-2']) await hosts.start(host);
    const server = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect([server.status, server['OS-EXT-SRV-ATTR:host'] === unlucky]).toEqual(['ACTIVE', false]);
    expect((await cloud.freeVfs('physnet1'))[unlucky]).toBe(4);
  },
);
