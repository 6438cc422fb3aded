/** What is left of deleted servers is found. */
import { expect, test } from 'vitest';
import { aVf } from '#test/worlds/store-rows.ts';
import { leftViolations } from './checks/emptied.ts';
import type { HostRow, Snapshot } from './state/snapshot.ts';

const host: HostRow = {
  ...{ id: 'h1', name: 'hv1', pools: [], numaHolders: [] },
  used: { vcpus: 0, memoryMib: 0, diskGib: 0 },
};
const empty: Snapshot = {
  ...{ damage: [], servers: [], nics: [], requests: [], tasks: [], commands: [], actions: [] },
  ...{ ports: [], bindings: [], moves: [], images: [], guests: [], hosts: [host] },
  devices: new Map([['h1', [aVf('0000:81:00.1')]]]),
};
const port = { id: 'p1', name: '', deviceId: '', bindingHost: '', pciSlot: null };
const server = {
  ...{ id: 's1', projectId: 'p', vmState: 'active', taskState: null, powerState: 1 },
  flavor: { vcpus: 1, memoryMib: 1, diskGib: 1, ephemeralGib: 0 },
  ...{ shelvedImageId: null, hostId: null, hostName: null, fault: null },
};
const guest = { host: 'hv1', id: 's1', state: 'shutOff', devices: [], defined: [], ports: [] };
const missing = aVf('0000:81:00.1', { status: 'missing' });

test('nothing is left in an empty cloud', () => {
  const deleted = { ...server, isDeleted: true };
  expect(leftViolations({ ...empty, servers: [deleted], ports: [port] })).toEqual([]);
});

test.each<[string, Partial<Snapshot>, string]>([
  ['a server', { servers: [{ ...server, isDeleted: false }] }, 'server s1: still there'],
  [
    'what is used of a host',
    { hosts: [{ ...host, used: { ...host.used, vcpus: 2 } }] },
    'host hv1: vcpus 2 is still used',
  ],
  [
    'a device that is not free',
    { devices: new Map([['h1', [missing]]]) },
    'host hv1: device 0000:81:00.1 is still missing',
  ],
  ['a guest', { guests: [guest] }, 'guest s1: still on hv1'],
  ['a port', { ports: [{ ...port, bindingHost: 'hv1' }] }, 'port p1: still bound'],
  ['a binding', { bindings: [{ portId: 'p1', host: 'hv1' }] }, 'port p1: still bound on hv1'],
])('%s is found', (_, change, found) => {
  expect(leftViolations({ ...empty, ...change })).toEqual([found]);
});
