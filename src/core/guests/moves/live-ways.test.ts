import {
  aBridgeNic,
  aFailoverNic,
  aHostdevNic,
  aMacvtapNic,
  portId,
  vf0,
  vf1,
} from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { parsePciAddress } from '../../pci/devices/address.ts';
import { announcement, nicWay, publicPart } from './live-ways.ts';

const migratable = { ...aHostdevNic(vf0), isMigratable: true } as ReturnType<typeof aHostdevNic>;
const whole = {
  kind: 'hostdev-physical',
  address: parsePciAddress('0000:01:00.0'),
  portId,
  macAddress: 'fa:16:3e:5b:10:01',
  mtu: null,
  bandwidth: null,
} as const;

test.each([
  { name: 'a macvtap', nic: aMacvtapNic(vf1), way: 'stays' },
  { name: 'a NIC on a bridge', nic: aBridgeNic(), way: 'stays' },
  { name: 'a VF', nic: aHostdevNic(vf0), way: 'unplug' },
  { name: 'a VF with a standby', nic: aFailoverNic(vf0), way: 'standby' },
  { name: 'an entire PF', nic: whole, way: 'unplug' },
  { name: 'a VF that the hypervisor can send', nic: migratable, way: 'vfio' },
])('$name: $way', ({ nic, way }) => {
  expect(nicWay(nic)).toBe(way);
});

const plan = { host: 'host-2', nics: [aMacvtapNic(vf1)], isPaused: false, shared: [] };

test('a guest that is paused has no pause to come', () => {
  expect(announcement(plan)).toMatch(/^Its processors pause once/);
  expect(announcement({ ...plan, isPaused: true })).toMatch(
    /^The server is paused, and stays paused/,
  );
});

test('peers are named with their PF; without any, that is stated', () => {
  const peers = [
    { id: 'id-1', name: 'web' },
    { id: 'id-2', name: 'db' },
  ];
  const shared = [
    { pf: 'enp1s0', ports: ['p1', 'p2'], peers },
    { pf: 'enp2s0', ports: ['p3'], peers: [] },
  ];
  expect(
    announcement({ ...plan, shared })
      .split('\n')
      .at(-1),
  ).toBe(
    'On the new host host-2: until the server runs there, servers on PF enp1s0 do not reach it by port p1, p2: web (id-1), db (id-2).',
  );
  expect(announcement(plan).split('\n').at(-1)).toBe(
    'On the new host host-2: no server loses its connection to it.',
  );
});

test('the public part names neither the new host nor a peer', () => {
  const shared = [{ pf: 'enp1s0', ports: ['p1'], peers: [{ id: 'id-1', name: 'web' }] }];
  const text = publicPart(announcement({ ...plan, shared }));
  expect(text.split('\n')).toEqual([
    expect.stringContaining('Its processors pause once'),
    `Port ${portId} stays connected but for that pause.`,
  ]);
});
