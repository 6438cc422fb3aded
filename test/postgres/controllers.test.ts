/**
 * Several controllers over one PostgreSQL, with agents over real sockets: each can do everything,
 * and another has the work of one that dies.
 */
import { afterEach, expect, inject, test } from 'vitest';
import type { Cloud } from '#test/worlds/cloud.ts';
import { Cluster } from '#test/clusters/cluster.ts';

/** Processes start slowly on a busy machine. */
const timeoutMs = 240_000;

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
}, timeoutMs);

const hosts = ['hv1', 'hv2', 'hv3'];

/** Controllers with linked hosts; `clouds`: through each of them. */
async function aCluster(controllers: number) {
  cluster = await Cluster.start(inject('postgres'), { controllers, hosts });
  const running = cluster;
  const clouds = await Promise.all(running.controllers.map((one) => running.at(one)));
  const [first] = clouds;
  if (first === undefined) throw new Error('there is one controller');
  for (const host of hosts) await running.startAgent(host, first);
  for (const cloud of clouds) await allUp(cloud);
  return { cluster: running, clouds, first };
}

async function allUp(cloud: Cloud): Promise<void> {
  await cloud.until(async () => {
    const listed = await cloud.ok('operator', 'GET', '/hosts');
    const up = listed.hosts.filter(
      (host: { state: string; devices_free: number }) =>
        host.state === 'up' && host.devices_free > 0,
    );
    return { done: up.length === hosts.length, value: listed.hosts };
  });
}

/** Boots this many servers with a VF each, in turn through the clouds; their ids. */
async function bootMany(clouds: readonly Cloud[], network: string, count: number) {
  const booting = Array.from({ length: count }, async (_, at) => {
    const cloud = clouds[at % clouds.length];
    if (cloud === undefined) throw new Error('there is a cloud');
    return cloud.boot([{ port: await cloud.port(network, 'direct') }]);
  });
  return Promise.all(booting);
}

/** No VF has two holders, and each server has one. */
async function expectOneVfEach(of: Cluster, servers: readonly string[]): Promise<void> {
  const held = await of.rows(
    `select instance_uuid as server, compute_node_id || address as device from pci_devices
     where instance_uuid is not null`,
  );
  expect(held.map(({ server }) => String(server)).toSorted()).toEqual(servers.toSorted());
  expect(new Set(held.map(({ device }) => device)).size).toBe(servers.length);
}

test(
  'each controller boots on hosts that are linked to any of them',
  async () => {
    const { cluster: running, clouds, first } = await aCluster(3);
    const links = await running.rows(
      'select controller_uuid, link from host_links where controller_uuid is not null',
    );
    expect(links).toHaveLength(hosts.length);
    const network = await first.network('red');
    const servers = await bootMany(clouds, network, 9);
    for (const [at, id] of servers.entries()) {
      // Through another one than it was created by.
      await clouds[(at + 1) % clouds.length]?.settled(id, 'ACTIVE');
    }
    await expectOneVfEach(running, servers);
    for (const cloud of clouds) await cloud.ok('compute', 'DELETE', `/servers/${servers.pop()}`);
    await expect
      .poll(
        async () =>
          (await running.rows('select 1 from pci_devices where instance_uuid is not null')).length,
      )
      .toBe(servers.length);
  },
  timeoutMs,
);
