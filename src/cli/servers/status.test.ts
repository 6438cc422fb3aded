import { afterAll, beforeAll, expect, test } from 'vitest';
import { aControllerStatus, aHostView } from '#test/worlds/operator-views.ts';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
});
afterAll(() => cloud.stop());

const page = 'GET /v2.1/servers/detail?all_tenants=True&limit=500';

/** A cloud with this answer; the rest of it is healthy. */
function aCloud({
  hosts = [aHostView()],
  servers = [] as object[],
  controller = aControllerStatus(),
  pools = [] as object[],
  health = { status: 200, body: 'OK' },
} = {}): void {
  cloud.answer('GET /healthcheck', health);
  cloud.answer('GET /novella/v1/hosts', { body: { hosts } });
  cloud.answer('GET /novella/v1/pci/pools', { body: { pools, stats: [] } });
  cloud.answer('GET /novella/v1/status', { body: controller });
  cloud.answer(page, { body: { servers } });
}

test('status of a healthy cloud', async () => {
  const busy = { 'OS-EXT-STS:task_state': 'spawning', updated: new Date().toISOString() };
  const tasks = { ...aControllerStatus().tasks, running: 2, host: 1 };
  aCloud({
    servers: [{ id: 's1', name: 'one', status: 'BUILD', ...busy }],
    controller: aControllerStatus({ tasks }),
  });
  const { text, status } = await typed(cloud, 'status');
  expect(status).toBe(0);
  expect(text.split('\n')).toEqual([
    'Novella   1.2.3',
    'Health    OK',
    'Servers   BUILD 1',
    'Tasks     2 running, 1 waiting for a host',
    'Free VFs  none',
    'Disk      80.0 of 100.0 GiB free (state, images)',
    '',
    'HOST    STATE  STATUS   GUESTS  FREE DEVICES  PROBLEMS',
    'host-1  up     enabled       3            10         0',
    '',
    'Nothing is wrong.',
    '',
  ]);
});

test('what is free on a host that is down does not count as free', async () => {
  const vfs = {
    ...{ dev_type: 'type-VF', vendor_id: '8086', product_id: '10ca', numa_node: 0 },
    ...{ address: '0000:81:00.0', tags: {}, physical_network: 'physnet1', count: 4 },
  };
  aCloud({
    hosts: [aHostView(), aHostView({ name: 'host-2', state: 'down' })],
    pools: ['host-1', 'host-2'].map((host) => ({ ...vfs, host })),
  });
  const { text } = await typed(cloud, 'status');
  expect(text).toContain('Free VFs  physnet1 4\n');
  expect(text).toMatch(/host-1  up .* 10 +0\nhost-2  down .* - +0\n/);
});

test('status names every problem, and ends with exit status 1', async () => {
  const problem = { code: 'x', message: 'libvirt does not answer\nmore', blocks: 'all' } as const;
  const since = { updated: new Date(Date.now() - 60 * 60_000).toISOString() };
  const fault = { message: 'No valid host was found.' };
  aCloud({
    health: { status: 503, body: 'disk full' },
    hosts: [aHostView({ state: 'down', problems: [problem] })],
    servers: [
      { id: 's1', name: 'one', status: 'BUILD', 'OS-EXT-STS:task_state': 'spawning', ...since },
      { id: 's2', name: 'two', status: 'ERROR', 'OS-EXT-STS:task_state': null, fault, ...since },
      { id: 's3', name: 'three', status: 'ACTIVE', 'OS-EXT-STS:task_state': null, ...since },
    ],
  });
  const { text, status } = await typed(cloud, 'status -f json');
  const { problems, servers: counts } = JSON.parse(text);
  expect(status).toBe(1);
  expect(counts).toEqual({ BUILD: 1, ERROR: 1, ACTIVE: 1 });
  expect(problems).toEqual([
    'compute service: disk full',
    'host host-1: down, its agent does not report',
    'host host-1: libvirt does not answer',
    'server one (s1): has been spawning for 60 minutes',
    'server two (s2): ERROR: No valid host was found.',
  ]);
});
