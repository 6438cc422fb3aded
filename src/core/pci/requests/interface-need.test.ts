import { expect, test } from 'vitest';
import { aRequest } from '#test/hosts/pci-cards.ts';
import { aVf } from '#test/worlds/store-rows.ts';
import { allocateDevices } from '../claims/allocate.ts';
import type { PciDevice } from '../devices/device.ts';
import { withInterfaceTags } from './interface-need.ts';
import type { PciRequest } from './request.ts';

const bare = aVf('0000:81:10.0', { ifname: null });
const withInterface = aVf('0000:81:10.1', { ifname: 'ens1f0v1' });

const request = (requestId: string): PciRequest => aRequest(requestId);
const needing = (requestId: string) => aRequest(requestId, { needsInterface: true });

function chosen(devices: PciDevice[], requests: PciRequest[]) {
  const verdict = allocateDevices(withInterfaceTags({ devices, requests }));
  if (!verdict.ok) return verdict.reasons[0]?.message;
  return verdict.assignments.map(({ requestId, address }) => `${requestId} ${address}`);
}

test('only a VF with an interface satisfies a request that needs one', () => {
  expect(chosen([bare, withInterface], [needing('r1')])).toEqual(['r1 0000:81:10.1']);
  expect(chosen([bare], [needing('r1')])).toBe(
    'physnet1: 0 of 1 VF free (1 VF has no network interface, which macvtap needs)',
  );
});

test('a request without the need leaves the VF with an interface to the request that has it', () => {
  const requests = [request('r1'), needing('r2')];
  expect(chosen([bare, withInterface], requests)).toEqual(['r1 0000:81:10.0', 'r2 0000:81:10.1']);
});

test('without the need the choice is unchanged', () => {
  const input = { devices: [bare], requests: [request('r1')] };
  expect(withInterfaceTags(input)).toBe(input);
});
