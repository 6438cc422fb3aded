/**
 * The calls of one boot and one delete, as in the logs of Keystone and Neutron. This test checks
 * the table of docs/performance.md.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cloud, startCloud, unbound } from './cloud.ts';
import { callsDuring } from './logged-calls.ts';

let cloud: Cloud;
let network: string;

beforeAll(async () => {
  cloud = await startCloud({ hosts: { 'host-1': { enp1s0: 'physnet1', enp2s0: 'physnet1' } } });
  cloud.openstack.agent('host-1', { physnet1: ['enp1s0', 'enp2s0'] });
  const segment = { network_type: 'vlan', physical_network: 'physnet1', segmentation_id: 201 };
  network = await cloud.network('red', '10.1.0.0/24', segment);
});

afterAll(() => cloud?.stop());

const showPort = 'user GET ports/{id}';
const showNetwork = 'user GET networks/{id}';
const listPorts = 'service GET ports?id';
const listServerPorts = 'service GET ports?device_id';
const createPort = 'user POST ports';
const updatePort = 'service PUT ports/{id}';
const deletePort = 'service DELETE ports/{id}';

const withDevice = {
  boot: [showPort, listPorts, updatePort],
  delete: [listServerPorts, updatePort],
};
const rows = [
  { what: 'one direct port', nics: ['direct'], ...withDevice },
  { what: 'one macvtap port', nics: ['macvtap'], ...withDevice },
  { what: 'one direct-physical port', nics: ['direct-physical'], ...withDevice },
  {
    what: 'one normal port',
    nics: ['normal'],
    boot: [showPort, updatePort],
    delete: [listServerPorts, updatePort],
  },
  {
    what: 'a NIC named by network',
    nics: ['network'],
    boot: [showNetwork, createPort, updatePort],
    delete: [listServerPorts, deletePort],
  },
  {
    what: 'two direct ports and a normal one',
    nics: ['direct', 'direct', 'normal'],
    boot: [showPort, showPort, showPort, listPorts, updatePort, updatePort, updatePort],
    delete: [listServerPorts, updatePort, updatePort, updatePort],
  },
];

async function nicsOf(kinds: string[]): Promise<Record<string, string>[]> {
  const nics: Record<string, string>[] = [];
  for (const kind of kinds) {
    nics.push(kind === 'network' ? { uuid: network } : { port: await cloud.port(network, kind) });
  }
  return nics;
}

/**
 * The table's row. Example: `| one direct port | 3: show port, list ports, update port | 2: list
 * ports, update port |`.
 */
function inTable(what: string, boot: string[], remove: string[]): string {
  const expected = (calls: string[]) =>
    `${calls.length}: ${calls.map((call) => names[call]).join(', ')}`;
  return `| ${what} | ${expected(boot)} | ${expected(remove)} |`;
}

const names: Record<string, string> = {
  [showPort]: 'show port (user)',
  [showNetwork]: 'show network (user)',
  [listPorts]: 'list ports',
  [listServerPorts]: 'list server’s ports',
  [createPort]: 'create port (user)',
  [updatePort]: 'update port',
  [deletePort]: 'delete port',
};

const documented = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');

test.each(rows)('$what: these calls and no more', async ({ what, nics, boot, delete: gone }) => {
  const requests = await nicsOf(nics);
  let id = '';
  const booting = await callsDuring(cloud, async () => {
    id = await cloud.started('counted', requests);
  });
  const { body } = await cloud.compute('alice', 'GET', `/servers/${id}`);
  expect(body.server).toMatchObject({ status: 'ACTIVE' });
  for (const { port } of requests) {
    if (port === undefined) continue;
    expect(await cloud.shown(port)).toMatchObject({
      device_id: id,
      'binding:host_id': 'host-1',
      'binding:vif_type': expect.stringMatching(/hw_veb|hostdev_physical|ovs/),
    });
  }
  const leaving = await callsDuring(cloud, () => cloud.remove(id));
  for (const { port } of requests) {
    if (port !== undefined) expect(await cloud.shown(port)).toMatchObject(unbound);
  }
  expect(booting.calls).toEqual(boot.toSorted());
  expect(leaving.calls).toEqual(gone.toSorted());
  for (const { renewals } of [booting, leaving]) {
    expect(renewals).toEqual([...new Set(renewals)]);
  }
  expect(documented).toContain(inTable(what, boot, gone));
});

test('attaching and detaching a port costs the same', async () => {
  const server = await cloud.boot('grows', await nicsOf(['direct']));
  const port = await cloud.port(network, 'direct');
  const path = `/servers/${server.id}/os-interface`;
  const attaching = await callsDuring(cloud, async () => {
    const interfaceAttachment = { port_id: port };
    const { status } = await cloud.compute('alice', 'POST', path, { interfaceAttachment });
    expect(status).toBe(200);
  });
  expect(await cloud.shown(port)).toMatchObject({ 'binding:vif_type': 'hw_veb' });
  // The answer's view of the port is read once more.
  expect(attaching.calls).toEqual([showPort, listPorts, listServerPorts, updatePort].toSorted());
  const detaching = await callsDuring(cloud, async () => {
    await cloud.compute('alice', 'DELETE', `${path}/${port}`);
    // A concurrent request to Neutron may be written into the line of another.
    await expect
      .poll(
        async () => {
          const { body } = await cloud.compute('alice', 'GET', `/servers/${server.id}/ips`);
          return Object.values(body.addresses).flat().length;
        },
        { timeout: 60_000 },
      )
      .toBe(1);
  });
  expect(detaching.calls).toEqual([listPorts, updatePort]);
  expect(await cloud.shown(port)).toMatchObject(unbound);
  await cloud.remove(server.id);
});
