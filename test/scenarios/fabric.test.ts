/** The picture of the fleet while servers come and go: fleet, events, host and device. */
import { expect } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

scenario('a booted server is seen in the fleet, the events, its host and its VF', async (cloud) => {
  const before = await cloud.ok('operator', 'GET', '/fleet');
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }]);
  const server = await cloud.settled(id, 'ACTIVE');
  const name = server['OS-EXT-SRV-ATTR:host'];
  const { devices } = await cloud.ok('operator', 'GET', `/servers/${id}/devices`);
  const [{ address, parent_addr: parent }] = devices;

  const after = await cloud.ok('operator', 'GET', '/fleet');
  const lineOf = (fleet: typeof after) =>
    fleet.hosts.find((host: { name: string }) => host.name === name);
  const letters = (fleet: typeof after) =>
    lineOf(fleet).pfs.find((pf: { address: string }) => pf.address === parent).vfs;
  expect(letters(before)).toMatch(/^[f.]+$/);
  expect(letters(after).replaceAll(/[f.]/g, '')).toBe('h');
  expect(after.change).toBeGreaterThan(before.change);

  const tree = await cloud.ok('operator', 'GET', `/hosts/${name}`);
  const pfs = tree.numa_nodes.flatMap((node: { cards: { pfs: object[] }[] }) =>
    node.cards.flatMap((card) => card.pfs),
  );
  const functions = pfs.flatMap((pf: { self: object | null; vfs: object[] }) => [
    ...(pf.self === null ? [] : [pf.self]),
    ...pf.vfs,
  ]);
  const states = functions.map((one: { availability: string }) => one.availability);
  // The device specs of this host are those that its agent reported.
  const admitted = tree.device_specs.reduce(
    (sum: number, entry: { admits: number }) => sum + entry.admits,
    0,
  );
  expect(states.filter((state: string) => state !== 'not-offered')).toHaveLength(admitted);
  const vf = functions.find((one: { address: string }) => one.address === address);
  expect(vf.holder).toMatchObject({ server_id: id, port_id: port, server_status: 'ACTIVE' });

  const device = await cloud.ok('operator', 'GET', `/hosts/${name}/devices/${address}`);
  expect(device).toMatchObject({
    function: { reason: { code: 'device-held' } },
    port: { port_id: port, mac_address: vf.holder.mac_address },
    history: [{ event: 'given', server_id: id, port_id: port, mac_address: vf.holder.mac_address }],
  });

  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  const path = `/hosts/${name}/devices/${address}`;
  const later = async () => cloud.ok('operator', 'GET', path);
  await expect.poll(later, { timeout: 20_000 }).toMatchObject({
    function: { availability: 'free', holder: null },
    history: [
      { event: 'released', server_id: id },
      { event: 'given', server_id: id, mac_address: vf.holder.mac_address },
    ],
  });
});
