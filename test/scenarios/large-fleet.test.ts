/**
 * With many hosts the scheduler examines only those that may fit; its decisions and messages stay
 * the same.
 */
import { expect } from 'vitest';
import { scenario } from '#test/worlds/cloud.ts';

scenario(
  'among 250 hosts a port finds its VF, and a server that fits nowhere gets its reasons in one line',
  async (cloud) => {
    const red = await cloud.network('red');
    const one = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
    const server = await cloud.settled(one, 'ACTIVE');
    const left = await cloud.ok('operator', 'GET', '/pci/devices?status=available');
    const host = server['OS-EXT-SRV-ATTR:host'];
    expect(left.devices.filter((device: { host: string }) => device.host === host)).toEqual([]);

    const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'direct')];
    const two = await cloud.boot(ports.map((port) => ({ port })));
    const { fault } = await cloud.settled(two, 'ERROR');
    expect(fault.message).toBe(
      `No valid host was found. ${host}: pci: physnet1: 0 of 2 VFs free; host-0002, host-0003, host-0004 and 246 more: pci: physnet1: 1 of 2 VFs free`,
    );
  },
  (config) => ({ ...config, simulated: { kind: 'fleet', hosts: 250, pfs: 1, vfs: 1 } }),
);
