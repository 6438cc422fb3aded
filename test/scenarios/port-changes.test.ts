/** Changes in the embedded network service reach the server that has the port. */
import { expect, vi } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

const soon = { timeout: 60_000, interval: 200 };

scenario('a changed address of a port is that of its server, in every view', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  const before = (await cloud.showPort(port)).fixed_ips[0];
  const address = before.ip_address.replace(/\d+$/, '151');
  await cloud.ok('network', 'PUT', `/ports/${port}`, {
    port: { fixed_ips: [{ ip_address: address }] },
  });
  await vi.waitFor(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    const [shown] = Object.values(server.addresses) as { addr: string }[][];
    expect(shown?.map(({ addr }) => addr)).toEqual([address]);
  }, soon);
  const filtered = await cloud.ok('compute', 'GET', `/servers?ip=${address}`);
  expect(filtered.servers.map((server: { id: string }) => server.id)).toEqual([id]);
  const interfaces = await cloud.ok('compute', 'GET', `/servers/${id}/os-interface`);
  expect(interfaces.interfaceAttachments[0].fixed_ips[0].ip_address).toBe(address);
});

scenario('an address is added to a server, and removed from it', async (cloud) => {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  const headers = { 'openstack-api-version': 'compute 2.43' };
  const act = (body: object) =>
    cloud.send('compute', 'POST', `/servers/${id}/action`, { body, headers });
  const shown = async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    const [all = []] = Object.values(server.addresses) as { addr: string }[][];
    return all.map(({ addr }) => addr);
  };
  const [first] = await shown();
  expect((await act({ addFixedIp: { networkId: red } })).status).toBe(202);
  await vi.waitFor(async () => expect(await shown()).toHaveLength(2), soon);
  expect(await shown()).toContain(first);
  expect((await act({ removeFixedIp: { address: first } })).status).toBe(202);
  await vi.waitFor(async () => expect(await shown()).toHaveLength(1), soon);
  expect(await shown()).not.toContain(first);
  expect((await cloud.showPort(port)).fixed_ips).toHaveLength(1);
  const again = await act({ removeFixedIp: { address: first } });
  expect([again.status, again.body.badRequest.message]).toEqual([
    400,
    `Fixed IP not found for instance ${id}: address ${first}`,
  ]);
  expect((await act({ addFixedIp: { networkId: id } })).status).toBe(400);
});

scenario('a changed name of a network is that of the addresses on it', async (cloud) => {
  const red = await cloud.network('red');
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  await cloud.settled(id, 'ACTIVE');
  await cloud.ok('network', 'PUT', `/networks/${red}`, { network: { name: 'crimson' } });
  await vi.waitFor(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    expect(Object.keys(server.addresses)).toEqual(['crimson']);
  }, soon);
});

scenario('a deleted port is detached from its server, and its VF is free', async (cloud) => {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  await cloud.settled(id, 'ACTIVE');
  expect((await cloud.send('network', 'DELETE', `/ports/${port}`)).status).toBe(204);
  await vi.waitFor(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    expect(server.addresses).toEqual({});
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
  }, soon);
});

for (const vnicType of ['direct', 'macvtap']) {
  scenario(
    `port security of a ${vnicType} port reaches the VF of the running guest; a refusal of its driver is in the actions`,
    async (cloud, { hosts }) => {
      const port = await cloud.port(await cloud.network('red'), vnicType);
      const id = await cloud.boot([{ port }]);
      const server = await cloud.settled(id, 'ACTIVE');
      const host = server['OS-EXT-SRV-ATTR:host'];
      const address = (await cloud.showPort(port))['binding:profile'].pci_slot;
      const vf = async () => {
        const { settings } = await hosts.onHost(host, ({ pciBus }) => pciBus.vfState(address));
        return { spoofCheck: settings.spoofCheck, linkState: settings.linkState };
      };
      const becomes = (wanted: object) =>
        vi.waitFor(async () => expect(await vf()).toEqual(wanted), soon);
      const change = (port: object, portId: string) =>
        cloud.ok('network', 'PUT', `/ports/${portId}`, { port });
      const changes = async (count: number) =>
        cloud.until(async () => {
          const path = `/servers/${id}/os-instance-actions`;
          const { instanceActions } = await cloud.ok('compute', 'GET', path);
          const value = instanceActions
            .filter(({ action }: { action: string }) => action === 'change_port')
            .map(({ message }: { message: string | null }) => message);
          return { done: value.length === count, value };
        });
      await becomes({ spoofCheck: true, linkState: 'auto' });
      await change({ port_security_enabled: false, security_groups: [] }, port);
      await becomes({ spoofCheck: false, linkState: 'auto' });
      expect(await changes(1)).toEqual([null]);
      // The VFs of this card have no link state.
      await change({ port_security_enabled: true, admin_state_up: false }, port);
      await becomes({ spoofCheck: true, linkState: 'auto' });
      const [refused] = await cloud.until(async () => {
        const value = await changes(2);
        return { done: value[0] !== null, value };
      });
      expect(refused).toContain('link state disable: its NIC has no such setting');
      await cloud.until(async () => {
        const reply = await cloud.send('compute', 'POST', `/servers/${id}/action`, {
          body: { reboot: { type: 'HARD' } },
        });
        return { done: reply.status === 202, value: reply.status };
      });
      await cloud.settled(id, 'ACTIVE');
      await becomes({ spoofCheck: true, linkState: 'auto' });
    },
  );
}

scenario(
  'a stopped server follows its port, and starts with the new settings',
  async (cloud, { hosts }) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }]);
    const server = await cloud.settled(id, 'ACTIVE');
    const host = server['OS-EXT-SRV-ATTR:host'];
    const address = (await cloud.showPort(port))['binding:profile'].pci_slot;
    const spoofCheck = async () =>
      (await hosts.onHost(host, ({ pciBus }) => pciBus.vfState(address))).settings.spoofCheck;
    await cloud.ok('compute', 'POST', `/servers/${id}/action`, { 'os-stop': null });
    await cloud.settled(id, 'SHUTOFF');
    const off = { port_security_enabled: false, security_groups: [] };
    await cloud.ok('network', 'PUT', `/ports/${port}`, { port: off });
    // Starts are refused while the server follows.
    await cloud.until(async () => {
      const start = await cloud.send('compute', 'POST', `/servers/${id}/action`, {
        body: { 'os-start': null },
      });
      return { done: start.status === 202, value: start.status };
    });
    await cloud.settled(id, 'ACTIVE');
    await vi.waitFor(async () => expect(await spoofCheck()).toBe(false), soon);
  },
);
