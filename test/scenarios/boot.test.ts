/** Boots with SR-IOV ports, over HTTP. */
import { expect } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

scenario(
  'a direct port takes one VF on its physical network, and its deletion releases it',
  async (cloud) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const before = await cloud.freeVfs('physnet1');
    const id = await cloud.boot([{ port }]);
    const server = await cloud.settled(id, 'ACTIVE');
    const host: string = server['OS-EXT-SRV-ATTR:host'];
    const bound = await cloud.showPort(port);
    expect(bound).toMatchObject({
      device_id: id,
      device_owner: 'compute:nova',
      'binding:host_id': host,
      'binding:vif_type': 'hw_veb',
      'binding:vif_details': { vlan: '42' },
      'binding:profile': { pci_vendor_info: '8086:10ca', physical_network: 'physnet1' },
    });
    expect(await cloud.freeVfs('physnet1')).toEqual({ ...before, [host]: (before[host] ?? 0) - 1 });

    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await cloud.freeVfs('physnet1')).toEqual(before);
    expect(await cloud.showPort(port)).toMatchObject({
      device_id: '',
      'binding:host_id': '',
      'binding:vif_type': 'unbound',
      'binding:profile': {},
    });
  },
);

scenario(
  'NICs of all vnic types keep the requested order, each with its own device or none',
  async (cloud) => {
    const red = await cloud.network('red');
    const blue = await cloud.network('blue', 'physnet2', 43);
    const direct = await cloud.port(red, 'direct');
    const macvtap = await cloud.port(blue, 'macvtap');
    const normal = await cloud.port(red, 'normal');
    const id = await cloud.boot([
      { port: macvtap },
      { uuid: red },
      { port: direct },
      { port: normal },
    ]);
    await cloud.settled(id, 'ACTIVE');
    const { body } = await cloud.send('operator', 'GET', `/servers/${id}/explain`);
    expect(
      body.nics.map((nic: Record<string, unknown>) => [nic['vnic_type'], nic['vif_type']]),
    ).toEqual([
      ['macvtap', 'hw_veb'],
      ['normal', 'bridge'],
      ['direct', 'hw_veb'],
      ['normal', 'bridge'],
    ]);
    const [first, second, third] = body.nics;
    expect(first).toMatchObject({ physical_network: 'physnet2', port_id: macvtap });
    expect(second.pci_request_id).toBeNull();
    expect(third).toMatchObject({ physical_network: 'physnet1', port_id: direct });
    expect(new Set([first.pci_slot, third.pci_slot]).size).toBe(2);
    expect(body.devices).toHaveLength(2);
    expect(body.domain_xml.match(/<interface type=["'](hostdev|direct|bridge)["']/g)).toHaveLength(
      4,
    );
  },
);

scenario('a server that fits nowhere fails with the shortage of each host', async (cloud) => {
  const red = await cloud.network('red', 'physnet2', 7);
  const ports = [];
  for (let at = 0; at < 5; at++) ports.push(await cloud.port(red, 'direct'));
  const id = await cloud.boot(ports.map((port) => ({ port })));
  const server = await cloud.settled(id, 'ERROR');
  expect(server.fault.message).toBe(
    'No valid host was found. host-1, host-2: pci: physnet2: 4 of 5 VFs free',
  );
  expect(await cloud.freeVfs('physnet2')).toEqual({ 'host-1': 4, 'host-2': 4 });
  for (const port of ports) {
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
  }
});

scenario(
  'concurrent boots never share a VF, and the last ones are refused with the reason',
  async (cloud) => {
    const red = await cloud.network('red');
    const ports = await Promise.all(Array.from({ length: 10 }, () => cloud.port(red, 'direct')));
    const ids = await Promise.all(ports.map((port) => cloud.boot([{ port }])));
    const servers = await Promise.all(ids.map((id) => cloud.settled(id, 'ACTIVE', 'ERROR')));
    expect(servers.filter((server) => server.status === 'ACTIVE')).toHaveLength(8);
    expect(servers.filter((server) => server.status === 'ERROR')).toHaveLength(2);
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 0, 'host-2': 0 });
    const shown = await Promise.all(ports.map((port) => cloud.showPort(port)));
    const slots = shown
      .filter((port) => port['binding:vif_type'] === 'hw_veb')
      .map((port) => `${port['binding:host_id']} ${port['binding:profile'].pci_slot}`);
    expect(new Set(slots).size).toBe(8);

    await Promise.all(ids.map((id) => cloud.send('compute', 'DELETE', `/servers/${id}`)));
    await Promise.all(ids.map((id) => cloud.gone(id)));
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
  },
);

scenario('deleting a server while it boots leaves nothing behind', async (cloud) => {
  const red = await cloud.network('red');
  const before = await cloud.freeVfs('physnet1');
  const ports = await Promise.all(Array.from({ length: 4 }, () => cloud.port(red, 'direct')));
  const ids = await Promise.all(ports.map((port) => cloud.boot([{ port }, { uuid: red }])));
  await Promise.all(ids.map((id) => cloud.send('compute', 'DELETE', `/servers/${id}`)));
  await Promise.all(ids.map((id) => cloud.gone(id)));
  expect(await cloud.freeVfs('physnet1')).toEqual(before);
  const { body } = await cloud.send('network', 'GET', '/ports');
  expect(body.ports.map((port: { id: string }) => port.id).sort()).toEqual([...ports].sort());
  for (const port of body.ports)
    expect(port).toMatchObject({ device_id: '', 'binding:profile': {} });
});
