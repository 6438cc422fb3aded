import { aVif, vf0, vf1 } from '#test/hosts/guests.ts';
import { aFlavor, aNewServer, aNic, aVf } from '#test/worlds/store-rows.ts';
import { expect, test } from 'vitest';
import type { PciDevice } from '../pci/devices/device.ts';
import type { Server, ServerNic } from '../servers/server.ts';
import { buildGuest } from './build-guest.ts';
import { guestName } from './description/guest-name.ts';

const nic = aNic({ vif: aVif(), pciRequestId: 'request-1' });
const zone = 'nova';
const claimed = aVf(vf0, { requestId: 'request-1' });

function server(...nics: ServerNic[]): Server {
  return { ...aNewServer({ nics, flavor: aFlavor({ vcpus: 2 }) }).server, serial: 42 };
}

test('a server whose ports are bound to its claimed devices becomes a guest', () => {
  const gpu = aVf('0000:5e:00.0', { deviceType: 'type-PCI', requestId: 'request-2' });
  const verdict = buildGuest({ server: server(nic), zone, devices: [claimed, gpu] });
  expect(verdict).toMatchObject({
    ok: true,
    guest: {
      name: 'instance-0000002a',
      vcpus: 2,
      nics: [{ kind: 'hostdev', address: vf0, vlan: 42 }],
      hostDevices: [{ address: '0000:5e:00.0', requestId: 'request-2' }],
    },
  });
});

test('its image’s kernel and its own config drive come with it', () => {
  const withKernel = { ...server(nic), imageProperties: { kernel_id: 'kernel-1' } };
  const verdict = buildGuest({ server: withKernel, zone, devices: [claimed] });
  expect(verdict).toMatchObject({ guest: { kernel: { imageId: 'kernel-1' } } });
  const files = verdict.ok ? verdict.guest.configDrive : [];
  expect(files?.map(({ path }) => path)).toContain('openstack/latest/meta_data.json');
});

test('NICs keep the order of the request', () => {
  const virtual = aVif({ vnicType: 'normal', vifType: 'tap', profile: {}, details: {} });
  const first = aNic({ position: 0, vif: virtual });
  const verdict = buildGuest({
    server: server({ ...nic, position: 1 }, first),
    zone,
    devices: [claimed],
  });
  expect(verdict).toMatchObject({ guest: { nics: [{ kind: 'tap' }, { kind: 'hostdev' }] } });
});

/** The NIC with a port that was bound to something else. */
function bound(profile: Record<string, unknown>): ServerNic {
  const vif = aVif();
  return { ...nic, vif: { ...vif, profile: { ...vif.profile, ...profile } } };
}

test('a port of a network without a physical network has null as its physical network, or no such key', () => {
  const device = { ...claimed, tags: { physical_network: null } };
  for (const one of [bound({ physical_network: null }), bound({ physical_network: undefined })]) {
    expect(buildGuest({ server: server(one), zone, devices: [device] }).ok).toBe(true);
  }
});

const mismatches: { name: string; nic: ServerNic; devices: PciDevice[]; expected: RegExp }[] = [
  {
    name: 'the port names another device than the claimed one',
    nic,
    devices: [aVf(vf1, { requestId: 'request-1' })],
    expected: /names 0000:01:10.0, but 0000:01:10.2 is claimed for PCI request request-1/,
  },
  {
    name: 'no device is claimed for the request',
    nic,
    devices: [],
    expected: /request-1 holds 0 devices, must hold 1/,
  },
  {
    name: 'two devices are claimed for the request',
    nic,
    devices: [claimed, aVf(vf1, { requestId: 'request-1' })],
    expected: /request-1 holds 2 devices, must hold 1/,
  },
  {
    name: 'the port names a device that was not requested',
    nic: { ...nic, pciRequestId: null },
    devices: [],
    expected: /names device 0000:01:10.0 but requested none/,
  },
  {
    name: 'a different card is at the claimed address',
    nic: bound({ pci_vendor_info: '15b3:1018' }),
    devices: [claimed],
    expected:
      /0000:01:10.0 is not what the port was bound to: pci_vendor_info was 15b3:1018, is 8086:10ca;/,
  },
  {
    name: 'the claimed device is now on another physical network',
    nic: bound({ physical_network: 'physnet7' }),
    devices: [claimed],
    expected: /physical_network was physnet7, is physnet1; delete the server/,
  },
  {
    name: 'the claimed device no longer has a physical network',
    nic,
    devices: [{ ...claimed, tags: {} }],
    expected: /physical_network was physnet1, is none/,
  },
  {
    name: 'the port is bound as direct-physical, and a VF is claimed for it',
    nic: { ...nic, vif: { ...nic.vif!, vnicType: 'direct-physical', vifType: 'hostdev_physical' } },
    devices: [claimed],
    expected: /is bound as direct-physical, which cannot take 0000:01:10.0 \(type-VF\)/,
  },
  {
    name: 'the port is bound as normal, and a VF is claimed for it',
    nic: { ...nic, vif: { ...nic.vif!, vnicType: 'normal', vifType: 'tap' } },
    devices: [claimed],
    expected: /is bound as normal, which cannot take 0000:01:10.0/,
  },
  {
    name: 'the NIC is not bound',
    nic: { ...nic, vif: null },
    devices: [claimed],
    expected: /not bound yet/,
  },
];

test.each(mismatches)('no guest is built when $name', ({ nic, devices, expected }) => {
  expect(buildGuest({ server: server(nic), zone, devices })).toMatchObject({
    ok: false,
    reasons: [{ message: expect.stringMatching(expected) }],
  });
});

test('every faulty NIC is reported at once', () => {
  const wrong = [0, 1].map((position) => ({ ...nic, position, vif: null }));
  const verdict = buildGuest({ server: server(...wrong), zone, devices: [] });
  expect(verdict.ok ? [] : verdict.reasons).toHaveLength(2);
});

test('the serial of a server names its guest', () => {
  expect([guestName(1), guestName(0xabcdef01)]).toEqual(['instance-00000001', 'instance-abcdef01']);
});

test('a device of an alias keeps its driver where its entry says so', () => {
  const gpu = aVf('0000:5e:00.0', { requestId: 'request-2', tags: { managed: 'false' } });
  const verdict = buildGuest({ server: server(nic), zone, devices: [claimed, gpu] });
  expect(verdict).toMatchObject({
    guest: { hostDevices: [{ address: '0000:5e:00.0', isUnmanaged: true }] },
  });
});
