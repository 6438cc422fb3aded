import { aPort } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { withFloatingIps } from './floating-ips.ts';

const fixedIps = ['10.0.0.5', '10.0.0.6'].map((ipAddress) => ({ subnetId: 's', ipAddress }));
const ports = [aPort({ id: 'one', fixedIps }), aPort({ id: 'other', fixedIps })];

test('floating IPs are beside the address that they lead to, in order', () => {
  const leading = (address: string) => ({ portId: 'one', fixedIp: '10.0.0.6', address });
  const [one, other] = withFloatingIps(ports, [leading('198.51.100.9'), leading('198.51.100.7')]);
  const floatingIps = ['198.51.100.7', '198.51.100.9'];
  expect(one?.fixedIps).toEqual([fixedIps[0], { ...fixedIps[1], floatingIps }]);
  expect(other).toEqual(ports[1]);
});

test('without floating IPs ports are unchanged', () => {
  expect(withFloatingIps(ports, [])).toEqual(ports);
});
