import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RecordedCloud, startRecordedCloud } from '#test/recorded-cloud.ts';
import type { HostView } from './operator-api.ts';
import { openSession } from './session.ts';
import { showStatus } from './status.ts';

const host: HostView = {
  name: 'host-1',
  state: 'up',
  status: 'enabled',
  host_ip: '192.0.2.1',
  last_seen_at: '2026-01-02T03:04:05Z',
  running_guests: 3,
  devices_free: 10,
  problems: [],
};
const now = Date.parse('2026-01-02T04:04:05Z');

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
});
afterAll(() => cloud.stop());

async function status(json: boolean): Promise<{ text: string; ended: number }> {
  let text = '';
  const screen = { isTerminal: false, write: (more: string) => void (text += more) };
  const session = await openSession(cloud.credentials);
  const ended = await showStatus(session, { json, version: '1.2.3', now }, screen);
  return { text, ended };
}

const noPools = { body: { pools: [], stats: [] } };
const page = 'GET /v2.1/servers/detail?all_tenants=True&limit=500';

test('status of a cloud that is well', async () => {
  cloud.answer('GET /healthcheck', { body: 'OK' });
  cloud.answer('GET /novella/v1/hosts', { body: { hosts: [host] } });
  cloud.answer('GET /novella/v1/pci/pools', noPools);
  const busy = { 'OS-EXT-STS:task_state': 'spawning', updated: '2026-01-02T04:00:00Z' };
  cloud.answer(page, { body: { servers: [{ id: 's1', name: 'one', status: 'BUILD', ...busy }] } });
  const { text, ended } = await status(false);
  expect(ended).toBe(0);
  expect(text).toContain('Novella   1.2.3\nHealth    OK\nServers   BUILD 1\nFree VFs  none\n');
  expect(text).toContain('Nothing is wrong.');
});

test('status names what is wrong, and ends with 1', async () => {
  const problem = { code: 'x', message: 'libvirt does not answer\nmore', blocks: 'all' } as const;
  const down = { ...host, state: 'down', problems: [problem] };
  const since = { updated: '2026-01-02T03:04:05Z' };
  const fault = { message: 'No valid host was found.' };
  const servers = [
    { id: 's1', name: 'one', status: 'BUILD', 'OS-EXT-STS:task_state': 'spawning', ...since },
    { id: 's2', name: 'two', status: 'ERROR', 'OS-EXT-STS:task_state': null, fault, ...since },
    { id: 's3', name: 'three', status: 'ACTIVE', 'OS-EXT-STS:task_state': null, ...since },
  ];
  cloud.answer('GET /healthcheck', { status: 503, body: 'disk full' });
  cloud.answer('GET /novella/v1/hosts', { body: { hosts: [down] } });
  cloud.answer(page, { body: { servers } });
  const { text, ended } = await status(true);
  const { problems, servers: counts } = JSON.parse(text);
  expect(ended).toBe(1);
  expect(counts).toEqual({ BUILD: 1, ERROR: 1, ACTIVE: 1 });
  expect(problems).toEqual([
    'compute service: disk full',
    'host host-1: down, its agent does not report',
    'host host-1: libvirt does not answer',
    'server one (s1): has been spawning for 60 minutes',
    'server two (s2): ERROR: No valid host was found.',
  ]);
});
