import { aPort, portId } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { awaitsWiring, plugState, unwiredMessage } from './plug.ts';
import type { Port } from './port.ts';

const rows: { name: string; given: Partial<Port>; gives: boolean }[] = [
  { name: 'DOWN', given: { status: 'DOWN' }, gives: true },
  { name: 'BUILD', given: { status: 'BUILD' }, gives: true },
  { name: 'ACTIVE', given: { status: 'ACTIVE' }, gives: false },
  { name: 'of a service without a status', given: { status: 'N/A' }, gives: false },
  { name: 'a whole PF', given: { status: 'DOWN', vnicType: 'direct-physical' }, gives: false },
  {
    name: 'that is administratively down',
    given: { status: 'DOWN', adminStateUp: false },
    gives: false,
  },
];
test.each(rows)('a bound port $name: waits for wiring: $gives', ({ given, gives }) => {
  expect(awaitsWiring(aPort(given))).toBe(gives);
});

const down = aPort({ status: 'DOWN' });
const states: { name: string; ports: Port[]; gives: object }[] = [
  { name: 'ACTIVE', ports: [aPort({ status: 'ACTIVE' })], gives: { state: 'wired' } },
  { name: 'DOWN', ports: [down], gives: { state: 'waiting', ports: [down] } },
  {
    name: 'another port of the server DOWN',
    ports: [aPort({ status: 'ACTIVE' }), { ...down, id: 'other' }],
    gives: { state: 'wired' },
  },
  {
    name: 'ERROR',
    ports: [aPort({ status: 'ERROR' })],
    gives: {
      state: 'hopeless',
      sameElsewhere: false,
      message: expect.stringMatching(/in status ERROR; see whether the SR-IOV NIC agent/),
    },
  },
  {
    name: 'gone',
    ports: [],
    gives: {
      state: 'hopeless',
      sameElsewhere: true,
      message: expect.stringContaining(`port ${portId} is no longer this server's`),
    },
  },
];
test.each(states)('a port that is waited for, $name', ({ ports, gives }) => {
  expect(plugState([portId], ports, 'hv1')).toEqual(gives);
});

test('after the time-out the error names each port, its host, and the agent that wires its kind', () => {
  const normal = { ...down, id: 'n', vnicType: 'normal' } as const;
  const message = unwiredMessage([down, normal], 'hv1', 300);
  expect(message).toContain(
    `port ${portId} (direct, ${down.macAddress}) is still DOWN on host hv1`,
  );
  expect(message).toContain('after 300 s');
  expect(message).toContain('neutron-sriov-nic-agent');
  expect(message).toMatch(/port n \(normal, .*layer-2 agent .*agent list --host hv1/);
  const wirerOf = (vnicType: 'vdpa' | 'remote-managed') =>
    unwiredMessage([{ ...down, vnicType }], 'hv1', 300);
  expect(wirerOf('vdpa')).toContain('layer-2 agent (Open vSwitch or OVN)');
  expect(wirerOf('remote-managed')).toContain('see the log of what wires remote-managed ports');
});
