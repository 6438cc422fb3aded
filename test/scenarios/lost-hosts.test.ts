/**
 * Hosts that die during a command: what waited for them ends with its reason, no guest runs twice,
 * and hosts that stay away can be deleted.
 */
import { expect } from 'vitest';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** Hosts count as down, and as lost, within seconds. */
const impatient = (config: Config): Config => ({ ...config, hostDownMs: 1_000, hostLostMs: 2_000 });
const waitOptions = 90_000;

const hostOf = async (cloud: Cloud, id: string): Promise<string> => {
  const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
  return server['OS-EXT-SRV-ATTR:host'];
};

const devicesOf = async (cloud: Cloud, id: string) => {
  const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
  return devices.filter(({ instance_uuid: holder }: { instance_uuid: string }) => holder === id);
};

/** Every host's agent dies in the first call of this name. */
function dieIn(hosts: AllInOne['hosts'], call: string, when: 'before' | 'after'): void {
  for (const host of ['host-1', 'host-2']) {
    hosts.watchCalls(host, ({ act }, now) => {
      if (act !== call || now !== when) return;
      hosts.watchCalls(host, undefined);
      hosts.kill(host);
    });
  }
}

scenario(
  'a host dies while it starts a guest: the server is ERROR with the reason, and the host removes the guest when it returns',
  async (cloud, { hosts }) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    dieIn(hosts, 'start', 'after');
    const id = await cloud.boot([{ port }]);
    const { fault } = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(fault.message).toBe('The host of the server stopped reporting.');
    const host = await hostOf(cloud, id);
    expect(fault.details).toMatch(new RegExp(`^${host} stopped reporting \\d+ s ago`));
    expect(await hosts.onHost(host, ({ hypervisor }) => hypervisor.listGuests())).toHaveLength(1);
    expect(await devicesOf(cloud, id)).toHaveLength(1);
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });

    await hosts.start(host);
    await cloud.until(async () => {
      const value = await devicesOf(cloud, id);
      return { done: value.length === 0, value };
    });
    expect(await hosts.onHost(host, ({ hypervisor }) => hypervisor.listGuests())).toEqual([]);
    expect(await hostOf(cloud, id)).toBeNull();
    await cloud.settled(await cloud.boot([{ port }]), 'ACTIVE');
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
  },
  impatient,
  waitOptions,
);

scenario(
  'a host that was down before it was sent the server cannot have it: the other host takes the server',
  async (cloud, { hosts }) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    for (const host of ['host-1', 'host-2']) hosts.kill(host);
    const id = await cloud.boot([{ port }]);
    const first = await cloud.until(async () => {
      const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
      return { done: server['OS-EXT-STS:task_state'] === 'spawning', value: server };
    });
    const lost = first['OS-EXT-SRV-ATTR:host'];
    await hosts.start(lost === 'host-1' ? 'host-2' : 'host-1');
    const server = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(server).toMatchObject({ status: 'ACTIVE' });
    expect(server['OS-EXT-SRV-ATTR:host']).not.toBe(lost);
    await hosts.start(lost);
    expect(await hosts.onHost(lost, ({ hypervisor }) => hypervisor.listGuests())).toEqual([]);
    expect((await cloud.freeVfs('physnet1'))[lost]).toBe(4);
  },
  (config) => ({ ...config, hostDownMs: 4_000, hostLostMs: 600_000 }),
  waitOptions,
);

scenario(
  'a host dies while it stops a guest: the action ends with the reason, and the server is unchanged',
  async (cloud, { hosts }) => {
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    dieIn(hosts, 'shutDown', 'before');
    await cloud.send('compute', 'POST', `/servers/${id}/action`, { body: { 'os-stop': null } });
    await cloud.until(async () => {
      const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
      return { done: server['OS-EXT-STS:task_state'] === null, value: server };
    });
    const { instanceActions } = await cloud.ok(
      'compute',
      'GET',
      `/servers/${id}/os-instance-actions`,
    );
    expect(instanceActions[0]).toMatchObject({
      action: 'stop',
      message: 'The host of the server stopped reporting.',
    });
  },
  impatient,
  waitOptions,
);

scenario(
  'an attach that was never sent to its host ends while the host is away, and leaves nothing',
  async (cloud, { hosts }) => {
    const id = await cloud.boot([]);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    const port = await cloud.port(await cloud.network('red'), 'direct');
    hosts.kill(host);
    const reply = await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
      body: { interfaceAttachment: { port_id: port } },
    });
    expect(reply.status).toBeGreaterThanOrEqual(500);
    expect(JSON.stringify(reply.body)).toContain('The host of the server stopped reporting.');
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
    expect(await devicesOf(cloud, id)).toEqual([]);
    await hosts.start(host);
    expect(await cloud.ok('compute', 'GET', `/servers/${id}/os-interface`)).toMatchObject({
      interfaceAttachments: [],
    });
  },
  (config) => ({ ...config, hostDownMs: 4_000, hostLostMs: 600_000 }),
  waitOptions,
);

scenario(
  'a lost host can be deleted once no server is on it, and its name can be enrolled',
  async (cloud, { hosts }) => {
    const id = await cloud.boot([]);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    const headers = { 'openstack-api-version': 'compute 2.53' };
    const services = async () =>
      (await cloud.send('compute', 'GET', '/os-services', { headers })).body.services;
    const service = (await services()).find((each: { host: string }) => each.host === host);
    const remove = () => cloud.send('compute', 'DELETE', `/os-services/${service.id}`, { headers });
    expect((await remove()).body.conflictingRequest.message).toBe(
      `Host ${host} cannot be forgotten while it reports: stop its agent, and wait until the host is down.`,
    );

    hosts.kill(host);
    await cloud.until(async () => {
      const value = await remove();
      return { done: !JSON.stringify(value.body).includes('while it reports'), value };
    });
    expect(await remove()).toMatchObject({
      status: 409,
      body: {
        conflictingRequest: {
          message: `Host ${host} cannot be forgotten: server ${id} is on it; evacuate or delete it first.`,
        },
      },
    });
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect((await services()).map((each: { host: string }) => each.host)).not.toContain(host);
    expect((await cloud.ok('operator', 'GET', '/pci/devices')).devices).not.toContainEqual(
      expect.objectContaining({ host }),
    );
    await hosts.start(host);
    await cloud.settled(await cloud.boot([]), 'ACTIVE');
  },
  impatient,
  waitOptions,
);
