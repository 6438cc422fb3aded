import { aPort, vf0, vf1 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import {
  addBinding,
  cleanUpMove,
  finishMove,
  type MovedDevice,
  prepareMove,
  replacementOf,
} from './port-move.ts';

const bound = { pci_vendor_info: '8086:10ca', pci_slot: vf0, physical_network: 'physnet1' };
const port = aPort({ profile: bound });
const next: MovedDevice = {
  address: vf1,
  vendorId: '8086',
  productId: '10ca',
  deviceType: 'type-VF',
  macAddress: null,
  capabilities: { sriov: { pfMacAddress: '52:54:00:aa:00:02', vfNum: 1 } },
  physicalNetwork: 'physnet1',
};

const arrival = {
  ports: [port],
  host: 'host-2',
  zone: 'nova',
  deviceOf: () => next,
  mayBeMissing: false,
  isLive: false,
};

const moving = { ...bound, migrating_to: 'host-2' };

test('a move is announced in the profile once, and not on the host where the server is', () => {
  const announced = aPort({ profile: moving });
  expect(prepareMove([port, announced], 'host-1', 'host-2')).toEqual([
    { do: 'update', portId: port.id, change: { profile: moving } },
  ]);
  expect(prepareMove([port], 'host-1', 'host-1')).toEqual([]);
});

test('a cancelled move leaves no announcement and no binding on the other host', () => {
  const announced = aPort({ profile: moving });
  const cleared = { do: 'update', portId: port.id, change: { profile: bound } };
  expect(cleanUpMove([announced], 'host-1', 'host-1')).toEqual([cleared]);
  expect(cleanUpMove([announced], 'host-1', 'host-2')).toEqual([
    cleared,
    { do: 'drop-binding', portId: port.id, host: 'host-2' },
  ]);
});

test('a port arrives with its new device and without the announcement', () => {
  expect(finishMove({ ...arrival, ports: [aPort({ profile: moving })] })).toEqual({
    ok: true,
    calls: [
      {
        do: 'update',
        portId: port.id,
        change: {
          bindingHost: 'host-2',
          deviceOwner: 'compute:nova',
          profile: { ...bound, pci_slot: vf1, pf_mac_address: '52:54:00:aa:00:02', vf_num: 1 },
        },
      },
    ],
  });
});

test('a virtual port that is already bound there is unchanged; one whose binding failed is bound again', () => {
  const normal = aPort({ vnicType: 'normal', vifType: 'ovs', bindingHost: 'host-2' });
  expect(finishMove({ ...arrival, ports: [normal] })).toEqual({ ok: true, calls: [] });
  const broken = { ...normal, vifType: 'binding_failed' };
  expect(finishMove({ ...arrival, ports: [broken] })).toEqual({
    ok: true,
    calls: [
      {
        do: 'update',
        portId: port.id,
        change: { bindingHost: 'host-2', deviceOwner: 'compute:nova' },
      },
    ],
  });
});

test('a port whose new device is unknown refuses the whole move, except after a shelve', () => {
  const lost = { ...arrival, deviceOf: () => undefined };
  expect(finishMove(lost)).toMatchObject({
    ok: false,
    reasons: [{ code: 'slot-not-correlated', message: expect.stringContaining(vf0) }],
  });
  expect(finishMove({ ...lost, mayBeMissing: true })).toMatchObject({ ok: true });
});

test('after a live migration the devices are bound already', () => {
  expect(finishMove({ ...arrival, isLive: true })).toMatchObject({
    calls: [{ change: { bindingHost: 'host-2', deviceOwner: 'compute:nova' } }],
  });
});

test('a live migration names the new device, and the card only where the port named it before', () => {
  expect(addBinding(port, 'host-2', next)).toEqual({
    do: 'add-binding',
    portId: port.id,
    host: 'host-2',
    vnicType: 'direct',
    profile: { ...bound, pci_slot: vf1 },
  });
  const named = aPort({ profile: { ...bound, vf_num: 3, pf_mac_address: 'old' } });
  expect(addBinding(named, 'host-2', next)).toMatchObject({
    profile: { vf_num: 1, pf_mac_address: '52:54:00:aa:00:02' },
  });
});

test('the device that replaces the port’s is the one of the same request', () => {
  const before = [{ address: vf0, requestId: 'request-1' }];
  const after = [
    { address: vf0, requestId: 'request-2' },
    { address: vf1, requestId: 'request-1' },
  ];
  expect(replacementOf(port, before, after)).toEqual(after[1]);
  expect(replacementOf(port, [], after)).toBeUndefined();
  expect(replacementOf(port, before, [])).toBeUndefined();
});
