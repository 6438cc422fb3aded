import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WhatIfReply } from '#client/shapes/what-if.ts';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  const flavors = [
    { id: '2', name: 'm1.small' },
    { id: 'm1.small-2', name: '2' },
  ];
  cloud.answer('GET /v2.1/flavors?is_public=None', { body: { flavors } });
  const none = { body: { networks: [] } };
  cloud.answer('GET /v2.0/networks?id=red', none);
  cloud.answer('GET /v2.0/networks?id=twice', none);
  cloud.answer('GET /v2.0/networks?name=red', { body: { networks: [{ id: 'n1', name: 'red' }] } });
  const twice = [
    { id: 'n2', name: 'twice' },
    { id: 'n3', name: 'twice' },
  ];
  cloud.answer('GET /v2.0/networks?name=twice', { body: { networks: twice } });
});
afterAll(() => cloud.stop());

const refusal = { filter: 'pci', code: 'pci-exhausted', message: 'physnet1: 0 of 1 VF free' };
const placed: WhatIfReply = {
  fits: 3,
  ended_by: 'capacity',
  decision: {
    attempt: 1,
    decided_at: '2026-01-02T03:04:05Z',
    chosen: 'host-1',
    candidates: [],
    rejections: [],
    devices: [{ request_id: 'r1', address: '0000:01:10.0', pool: '0000:01:00.0' }],
  },
  pci_requests: [],
  hosts: [
    { host: 'host-0', servers: 0, refusal: { ...refusal, message: 'none' } },
    { host: 'host-1', servers: 3, refusal },
    { host: 'host-2', servers: 0, refusal: null },
  ],
};

/** The output of the command, its exit status, and the body that it sent. */
async function ask(line: string, reply: Partial<WhatIfReply> = {}) {
  let body: unknown;
  cloud.answer('POST /novella/v1/what-if', (call) => {
    body = call.body;
    return { body: { ...placed, ...reply } };
  });
  const { text, status } = await typed(cloud, `what-if ${line}`);
  return { lines: text.trimEnd().split('\n'), text, status, body };
}

const small = '--flavor m1.small --nic vnic-type=direct,physical-network=physnet1';

test('how many more: the sentence, the hosts with most first, and the first server', async () => {
  const { lines, status, body } = await ask(`${small} --count max`);
  expect(lines).toEqual([
    '3 more servers of flavor m1.small with 1 direct port on physnet1 fit: host-1 3.',
    '',
    'HOST    SERVERS  STOPPED BY  REASON',
    'host-1        3  pci         physnet1: 0 of 1 VF free',
    'host-0        0  pci         none',
    'host-2        0  -           may take one more',
    '',
    'The first would be on host-1 and take 0000:01:10.0 from the pool of',
    '  0000:01:00.0.',
  ]);
  expect(status).toBe(0);
  expect(body).toEqual({
    flavor: { id: '2' },
    nics: [{ vnic_type: 'direct', physical_network: 'physnet1' }],
    devices: [],
    scheduler_hints: {},
    count: 'max',
  });
});

test('one server: host and devices, or why no host can take it', async () => {
  const { lines } = await ask(small, { fits: 1, ended_by: 'count' });
  expect(lines).toEqual([
    'A server of flavor m1.small with 1 direct port on physnet1 fits on host-1.',
    '',
    'would take 0000:01:10.0 from the pool of 0000:01:00.0',
  ]);
  const { filter, ...reason } = refusal;
  const rejections = [{ host: 'host-1', filter, reasons: [reason] }];
  const decision = { ...placed.decision, chosen: null, devices: [], rejections };
  const none = await ask(small, { fits: 0, decision });
  expect(none.status).toBe(1);
  expect(none.lines).toEqual([
    'No host can take a server of flavor m1.small with 1 direct port on physnet1.',
    '',
    'REFUSED  BY   REASON',
    'host-1   pci  physnet1: 0 of 1 VF free',
  ]);
});

test.each([
  ['--count 3', { ended_by: 'count' as const }, 'All 3 servers of 1 vcpu,', 0],
  ['--count 9', {}, 'Only 3 of 9 servers of 1 vcpu,', 1],
  ['--count max', { ended_by: 'most' as const }, 'At least 3 more servers of 1 vcpu,', 0],
  [
    '--count max',
    { ended_by: 'time' as const },
    'At least 3 more servers of 1 vcpu, 64 MiB and 0 GiB fit: host-1 3. The search stopped at its limit of 5 s of processor time; more may fit.',
    0,
  ],
  ['--count max', { fits: 1 }, '1 more server of 1 vcpu, 64 MiB and 0 GiB fits: host-1 3.', 0],
])('%s, %j: %s, and exit status %i', async (count, reply, expected, status) => {
  const answer = await ask(`--vcpus 1 --ram 64 ${count}`, reply);
  expect(answer.lines.join(' ').replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`^${expected}`));
  expect(answer.status).toBe(status);
});

test('all options are part of the question; a network and a flavor are found by name', async () => {
  const line =
    '--vcpus 2 --ram 64 --disk 1 --property hw:numa_nodes=2 --property a:b=c=d' +
    ' --nic network=red,vnic-type=macvtap,trusted=true,numa-policy=required' +
    ' --nic vnic-type=direct,physical-network= --device gpu:2 --device qat' +
    ' --image-property hw_x=y --availability-zone nova --host h' +
    ' --hint group=g --hint same_host=s1 --hint same_host=s2 --count 2';
  const { body, lines } = await ask(line, { fits: 2, ended_by: 'count' });
  expect(body).toEqual({
    flavor: {
      vcpus: 2,
      memory_mb: 64,
      disk_gb: 1,
      extra_specs: { 'hw:numa_nodes': '2', 'a:b': 'c=d' },
    },
    nics: [
      {
        vnic_type: 'macvtap',
        network_id: 'n1',
        numa_affinity_policy: 'required',
        profile: { trusted: 'true' },
      },
      { vnic_type: 'direct', physical_network: null },
    ],
    devices: [
      { alias: 'gpu', count: 2 },
      { alias: 'qat', count: 1 },
    ],
    scheduler_hints: { group: 'g', same_host: ['s1', 's2'] },
    image_properties: { hw_x: 'y' },
    availability_zone: 'nova',
    host: 'h',
    count: 2,
  });
  expect(lines.slice(0, 3).join(' ').replaceAll(/\s+/g, ' ')).toContain(
    'of 2 vcpus, 64 MiB and 1 GiB with 1 macvtap port on red and 1 direct port on a tunnelled network and 2 of alias gpu and 1 of alias qat fit',
  );
  expect((await ask('--flavor 2')).body).toMatchObject({ flavor: { id: '2' }, count: 1 });
});

test('--json prints the document', async () => {
  const { text } = await ask(`${small} --count max --json`);
  expect(JSON.parse(text)).toEqual(placed);
});

test.each([
  ['--json', 'name either --flavor, or --vcpus and --ram (--disk and --property are optional)'],
  ['--flavor 2 --vcpus 1', 'name either --flavor, or --vcpus and --ram'],
  ['--flavor x', 'no flavor has the id or name "x"'],
  ['--flavor 2 --nic network=twice', '2 networks are named "twice": n2, n3. Give the id.'],
  ['--flavor 2 --nic mac=1', 'key "mac": must be one of vnic-type, physical-network'],
  ['--flavor 2 --nic direct', '"direct": must be KEY=VALUE'],
  ['--flavor 2 --device gpu:x', 'must be ALIAS or ALIAS:COUNT'],
  ['--flavor 2 --hint x=y', 'key "x": must be one of group, same_host, different_host'],
  ['--flavor 2 --count many', 'must be a whole number or max'],
])('%s is refused: %s', async (line, expected) => {
  await expect(ask(line)).rejects.toThrow(expected);
});
