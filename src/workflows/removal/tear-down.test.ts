import { expect, test } from 'vitest';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Task } from '#contracts/store/store.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { aVif } from '#test/hosts/guests.ts';
import { aPort } from '#test/worlds/compute-world.ts';
import { aNic } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { unbindPorts } from './tear-down.ts';

const serverId = 's1';
const bound = { deviceId: serverId, deviceOwner: 'compute:nova', bindingHost: 'host-1' };

/** Runs the step for a server on host-1 with these NICs; the requests to Neutron. */
async function unbind(nics: ServerNic[], ports: Port[]): Promise<string[]> {
  const requests: string[] = [];
  const network: Partial<NetworkService> = {
    listServerPorts: async (id) => ports.filter(({ deviceId }) => deviceId === id),
    listPorts: async (ids) => {
      if (ids.length > 0) requests.push(`list ${ids.join(' ')}`);
      return ports.filter(({ id }) => ids.includes(id));
    },
    async updatePort(id, change) {
      requests.push(`unbind ${id}`);
      const isForeign = ports.find((port) => port.id === id)?.deviceId === 'odd';
      expect(change).toEqual({
        ...(!isForeign && { deviceId: '', deviceOwner: '' }),
        bindingHost: null,
        profile: {},
      });
      return aPort(id);
    },
    async deletePort(id) {
      requests.push(`delete ${id}`);
    },
  };
  const server = {
    id: serverId,
    projectId: aPort('').projectId,
    hostName: 'host-1',
    nics,
  } as Server;
  const task = { serverId, epoch: 1, data: {} } as Task<'delete'>;
  const context = {
    network,
    clock: { now: () => 0 },
    newId: () => 'e',
    store: { servers: { get: async () => server }, tasks: { isCurrent: async () => true } },
  } as unknown as WorkflowContext;
  await unbindPorts(context, task);
  return requests;
}

const usersNic = (portId: string) => aNic({ portId, ownsPort: false });
const slot = '0000:01:10.0';
const nicWithSlot = aNic({
  portId: 'a',
  ownsPort: false,
  vif: aVif({ profile: { pci_slot: slot } }),
});
const ownNic = aNic({ portId: 'made', ownsPort: true });

test.each([
  {
    name: 'ports of its user are unbound, those created for it deleted',
    nics: [usersNic('a'), ownNic],
    ports: [aPort('a', bound), aPort('made', bound)],
    calls: ['unbind a', 'delete made'],
  },
  {
    name: 'a port that a step created and no row has is deleted',
    nics: [],
    ports: [aPort('lost', { deviceId: serverId })],
    calls: ['delete lost'],
  },
  {
    name: 'a port that its user detached is still unbound from the host',
    nics: [usersNic('a')],
    ports: [aPort('a', { ...bound, deviceId: '' })],
    calls: ['list a', 'unbind a'],
  },
  {
    name: 'a port into which its user wrote another id is unbound from the device of this server',
    nics: [nicWithSlot],
    ports: [aPort('a', { ...bound, deviceId: 'odd', profile: { pci_slot: slot } })],
    calls: ['list a', 'unbind a'],
  },
  {
    name: 'a port that another server has with another device of the host is left alone',
    nics: [nicWithSlot],
    ports: [aPort('a', { ...bound, deviceId: 's2', profile: { pci_slot: '0000:01:10.2' } })],
    calls: ['list a'],
  },
  {
    name: 'a port that was never bound, one of another server and one that no longer exists are left alone',
    nics: [usersNic('a'), usersNic('b'), usersNic('c')],
    ports: [aPort('a'), aPort('b', { ...bound, deviceId: 's2' })],
    calls: ['list a b c'],
  },
  {
    name: 'a port of another project with the server’s id is not deleted',
    nics: [],
    ports: [aPort('foreign', { ...bound, projectId: 'p2' })],
    calls: [],
  },
])('$name', async ({ nics, ports, calls }) => {
  expect(await unbind(nics, ports)).toEqual(calls);
});
