import { aNetwork, aPort, aSubnet, aVif } from '#test/guests.ts';
import { expect, test } from 'vitest';
import { followPort, hasMoved } from './follow-port.ts';

const fixedIps = [{ subnetId: 's', ipAddress: '10.0.0.5' }];
const reported = aVif({ fixedIps });
const { macAddress } = reported;

test('a port with the same MAC and addresses has not moved, whatever else became of it', () => {
  expect(hasMoved(reported, aPort({ macAddress, fixedIps, status: 'DOWN', profile: {} }))).toBe(
    false,
  );
  expect(hasMoved(reported, { macAddress: 'fa:16:3e:00:00:99', fixedIps })).toBe(true);
  expect(hasMoved(reported, { macAddress, fixedIps: [] })).toBe(true);
});

test('a NIC follows MAC, addresses, their subnets and the name of the network; how it is bound stays', () => {
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
