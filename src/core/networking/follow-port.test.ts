import { aNetwork, aPort, aSubnet, aVif } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { followPort, hasMoved } from './follow-port.ts';

const fixedIps = [{ subnetId: 's', ipAddress: '10.0.0.5' }];
const reported = aVif({ fixedIps });
const { macAddress } = reported;

const vifDetails = reported.details;

test('a port with the same MAC and addresses has not changed, whatever else changed', () => {
  expect(hasMoved(reported, aPort({ macAddress, fixedIps, status: 'DOWN', profile: {} }))).toBe(
    false,
  );
  const otherMac = { macAddress: 'fa:16:3e:00:00:99', fixedIps, vifDetails };
  expect(hasMoved(reported, otherMac)).toBe(true);
  expect(hasMoved(reported, { macAddress, fixedIps: [], vifDetails })).toBe(true);
});

test('a port with other VF settings has changed, and its NIC gets them; the rest of its binding stays', () => {
  const settings = (spoof_check: boolean) => ({
    vf_settings: { spoof_check, link_state: 'auto' },
  });
  const vif = aVif({ fixedIps, details: { vlan: '42', ...settings(true) } });
  const of = (details: object) => aPort({ macAddress, fixedIps, vifDetails: { ...details } });
  expect(hasMoved(vif, of(settings(true)))).toBe(false);
  expect(hasMoved(vif, of({}))).toBe(false);
  const changed = of({ vlan: '7', ...settings(false) });
  expect(hasMoved(vif, changed)).toBe(true);
  expect(followPort(vif, changed, aNetwork()).details).toEqual({ vlan: '42', ...settings(false) });
  expect(followPort(vif, of({}), aNetwork()).details).toEqual(vif.details);
});

test('a NIC follows MAC, addresses, their subnets and the network’s name; its binding stays', () => {
  const subnets = [aSubnet({ id: 'new' }), aSubnet({ id: 'unused' })];
  const now = {
    macAddress: 'fa:16:3e:00:00:99',
    fixedIps: [{ subnetId: 'new', ipAddress: '10.0.0.9' }],
  };
  const port = aPort({ ...now, vifType: 'unbound', vifDetails: {}, profile: {} });
  const vif = aVif();
  const followed = followPort(vif, port, aNetwork({ name: 'blue', subnets }));
  expect(followed).toEqual({
    ...vif,
    ...now,
    network: {
      ...vif.network,
      name: 'blue',
      mtu: aNetwork().mtu,
      id: aNetwork().id,
      subnets: [subnets[0]],
    },
  });
});
