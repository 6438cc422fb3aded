import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { aDeviceView, aHostView, aPoolView, aStatsView } from '#test/worlds/operator-views.ts';
import { findServerId } from '../server-names.ts';
import { listDevices, listHosts, listPools } from '../operator-api.ts';
import { openSession } from './session.ts';

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
});
afterAll(() => cloud.stop());

/**
 * Two pages of a list; their link names the service by an address that is unreachable from here.
 */
function twoPages(path: string, key: string, pages: [object, object], marker: string): void {
  const mark = `${path.includes('?') ? '&' : '?'}marker=${encodeURIComponent(marker)}`;
  const next = [{ rel: 'next', href: `http://cloud.invalid${path}${mark}` }];
  cloud.answer(`GET ${path}`, { body: { ...pages[0], [`${key}_links`]: next } });
  cloud.answer(`GET ${path}${mark}`, { body: pages[1] });
}

test('lists are followed to their last page', async () => {
  const session = await openSession(cloud.credentials);
  const device = (address: string) => aDeviceView({ host: 'host-1', address });
  twoPages(
    '/novella/v1/pci/devices?status=available',
    'devices',
    [{ devices: [device('a')] }, { devices: [device('b')] }],
    'host-1/a',
  );
  const devices = await listDevices(session, { status: 'available' });
  expect(devices.map(({ address }) => address)).toEqual(['a', 'b']);

  const names = (name: string) => ({ hosts: [aHostView({ name })] });
  twoPages('/novella/v1/hosts', 'hosts', [names('h1'), names('h2')], 'h1');
  expect((await listHosts(session)).map(({ name }) => name)).toEqual(['h1', 'h2']);

  const pools = (host: string) => ({
    pools: [aPoolView({ host })],
    stats: [aStatsView({ host })],
  });
  twoPages('/novella/v1/pci/pools', 'pools', [pools('h1'), pools('h2')], 'h1');
  expect(await listPools(session)).toEqual({
    pools: [...pools('h1').pools, ...pools('h2').pools],
    stats: [...pools('h1').stats, ...pools('h2').stats],
  });

  const servers = (id: string, name: string) => ({ servers: [{ id, name }] });
  const path = '/v2.1/servers?all_tenants=True&name=%5Eweb%24';
  twoPages(path, 'servers', [servers('s1', 'Web'), servers('s2', 'web')], 's1');
  expect(await findServerId(session, 'web')).toBe('s2');

  // Escaped, it would be a longer pattern than the API takes.
  const long = 'a.'.repeat(100);
  const start = encodeURIComponent(`^${'a\\.'.repeat(50)}`);
  twoPages(
    `/v2.1/servers?all_tenants=True&name=${start}`,
    'servers',
    [servers('s3', `${long}b`), servers('s4', long)],
    's3',
  );
  expect(await findServerId(session, long)).toBe('s4');
});
