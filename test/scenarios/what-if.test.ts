/** What-if beside real boots: the boot gets exactly what was predicted, until nothing fits. */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const whatIf = (cloud: Cloud, body: object) => cloud.ok('operator', 'POST', '/what-if', body);

async function smallFlavor(cloud: Cloud): Promise<string> {
  const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
  return flavors.find(({ name }: { name: string }) => name === 'm1.small').id;
}

/** Host and device addresses. */
async function placeOf(cloud: Cloud, id: string): Promise<[string, string[]]> {
  const { server, devices } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
  return [server.host, addresses(devices)];
}

function addresses(devices: { address: string }[]): string[] {
  return devices.map(({ address }) => address).toSorted();
}

scenario('a boot takes exactly the host and the devices that what-if predicted', async (cloud) => {
  const flavor = { id: await smallFlavor(cloud) };
  const network_id = await cloud.network('red');
  const shapes = [['direct-physical'], ['direct'], ['macvtap', 'direct', 'normal'], ['normal']];
  for (const vnicTypes of shapes) {
    const nics = vnicTypes.map((vnic_type) => ({ vnic_type, network_id }));
    const before = await cloud.ok('operator', 'GET', '/pci/devices');
    const { fits, decision, pci_requests } = await whatIf(cloud, { flavor, nics });
    expect(await cloud.ok('operator', 'GET', '/pci/devices')).toEqual(before);
    expect({ fits, requests: pci_requests.length }).toEqual({
      fits: 1,
      requests: vnicTypes.filter((type) => type !== 'normal').length,
    });
    const ports = [];
    for (const type of vnicTypes) ports.push({ port: await cloud.port(network_id, type) });
    const id = await cloud.boot(ports);
    await cloud.settled(id, 'ACTIVE');
    expect(await placeOf(cloud, id)).toEqual([decision.chosen, addresses(decision.devices)]);
  }
});

scenario('as many servers boot as what-if counts, on the hosts that it names', async (cloud) => {
  const flavor = { id: await smallFlavor(cloud) };
  const network_id = await cloud.network('red');
  const question = { flavor, nics: [{ vnic_type: 'direct', network_id }], count: 'max' };
  const { fits, ended_by, hosts } = await whatIf(cloud, question);
  expect({ fits, ended_by }).toEqual({ fits: 8, ended_by: 'capacity' });
  const counts: Record<string, number> = {};
  for (let at = 0; at < fits; at += 1) {
    const id = await cloud.boot([{ port: await cloud.port(network_id, 'direct') }]);
    const server = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(server.status).toBe('ACTIVE');
    const host: string = server['OS-EXT-SRV-ATTR:host'];
    counts[host] = (counts[host] ?? 0) + 1;
  }
  const predicted = hosts.map((one: { host: string; servers: number }) => [one.host, one.servers]);
  expect(counts).toEqual(Object.fromEntries(predicted));
  expect(await whatIf(cloud, question)).toMatchObject({ fits: 0, decision: { chosen: null } });
  const last = await cloud.boot([{ port: await cloud.port(network_id, 'direct') }]);
  expect((await cloud.settled(last, 'ACTIVE', 'ERROR')).status).toBe('ERROR');
});
