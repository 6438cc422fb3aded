import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { aDeviceView, aPoolView, aStatsView } from '#test/worlds/operator-views.ts';
import { typed } from '#test/worlds/typed-command.ts';
import type { DeviceView, PoolsReply } from '#client/shapes/pci.ts';
import type { ExplainReply } from '#client/shapes/explain.ts';

const serverId = '6d0f5f54-3f0c-4b8e-9f6c-0f5b4f8f7a10';
const requestId = '0b6c7c40-95a5-4a9e-8f57-6a5f0f8bb6c1';

const free = aDeviceView();
const held: DeviceView = {
  ...free,
  host: 'host-1',
  numa_node: 0,
  status: 'allocated',
  instance_uuid: serverId,
  request_id: requestId,
};
const pools: PoolsReply = {
  pools: [aPoolView()],
  stats: [
    aStatsView(),
    aStatsView({ host: 'host-2', physical_network: null, product_id: '10c9', count: 1 }),
  ],
};
const explanation: ExplainReply = {
  server: { id: serverId, name: 'web', status: 'ACTIVE', host: 'host-1', fault: null },
  decisions: [
    {
      attempt: 1,
      decided_at: '2026-01-02T03:04:05Z',
      chosen: 'host-1',
      candidates: [{ host: 'host-1', weight: 1.5, weights: { ram: 1, pci: 0.5 } }],
      rejections: [
        {
          host: 'host-2',
          filter: 'PciPassthroughFilter',
          reasons: [{ code: 'pci-exhausted', message: 'physnet1: 0 of 1 VF free' }],
        },
      ],
      devices: [{ request_id: requestId, address: '0000:01:10.0', pool: '0000:01:00.0' }],
    },
  ],
  nics: [
    {
      position: 0,
      network_id: 'net-1',
      port_id: 'port-1',
      vnic_type: 'direct',
      vif_type: 'hw_veb',
      mac_address: 'fa:16:3e:00:00:01',
      pci_request_id: requestId,
      pci_slot: '0000:01:10.0',
      physical_network: 'physnet1',
      binding_profile: {},
    },
    {
      position: 1,
      network_id: 'net-1',
      port_id: 'port-2',
      vnic_type: 'normal',
      vif_type: 'bridge',
      mac_address: 'fa:16:3e:00:00:02',
      pci_request_id: null,
      pci_slot: null,
      physical_network: null,
      binding_profile: null,
    },
  ],
  pci_requests: [],
  devices: [held],
  spawn_steps: [],
  live_move: null,
  domain_xml: '<domain type="kvm"/>\n',
};

const narrowed = [
  { line: 'pci devices --host host-1 --json', asks: 'host=host-1', gives: [held] },
  { line: 'pci devices --free --json', asks: 'status=available', gives: [free] },
  { line: 'pci devices --status allocated --json', asks: 'status=allocated', gives: [held] },
  {
    line: 'pci devices --free --host host-1 --json',
    asks: 'host=host-1&status=available',
    gives: [],
  },
];

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  cloud.answer('GET /novella/v1/pci/devices', { body: { devices: [free, held] } });
  for (const { asks, gives } of narrowed) {
    cloud.answer(`GET /novella/v1/pci/devices?${asks}`, { body: { devices: gives } });
  }
  cloud.answer('GET /novella/v1/pci/pools', { body: pools });
  cloud.answer(`GET /novella/v1/servers/${serverId}/explain`, { body: explanation });
  cloud.answer('GET /v2.1/servers?all_tenants=True', {
    body: { servers: [{ id: serverId, name: 'web' }] },
  });
  const named = (text: string) => `GET /v2.1/servers?all_tenants=True&name=${text}`;
  cloud.answer(named('%5Eweb%24'), { body: { servers: [{ id: serverId, name: 'web' }] } });
  cloud.answer(named('%5Eno%5C.one%24'), { body: { servers: [{ id: 'x', name: 'no.one.else' }] } });
  cloud.answer(named('%5Etwin%24'), {
    body: {
      servers: [
        { id: 'id-1', name: 'twin' },
        { id: 'id-2', name: 'twin' },
      ],
    },
  });
});
afterAll(() => cloud.stop());

const run = async (line: string): Promise<string> => (await typed(cloud, line)).text;

test('pci devices: a line per device by host and address, with the server that holds it', async () => {
  expect(await run('pci devices')).toBe(
    [
      'HOST    ADDRESS       TYPE  ID         NUMA  NETWORK   LINK  STATUS     SERVER',
      'host-1  0000:01:10.0  VF    8086:10ca     0  physnet1  -     allocated  web',
      'host-2  0000:01:10.0  VF    8086:10ca     -  physnet1  -     available  -',
      '',
    ].join('\n'),
  );
});

test('pci devices: links of PFs, and below the table why a device is quarantined', async () => {
  const quarantine = 'not as it was: VLAN is 42, was 0';
  const devices: DeviceView[] = [
    { ...free, address: '0000:01:00.0', dev_type: 'type-PF', link: 'down', quarantine: null },
    { ...free, status: 'unavailable', link: null, quarantine },
  ];
  const list = 'GET /novella/v1/pci/devices';
  cloud.answer(list, { body: { devices } });
  const text = await run('pci devices');
  cloud.answer(list, { body: { devices: [free, held] } });
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
    'HOST    ADDRESS       TYPE  ID         NUMA  NETWORK   LINK  STATUS                    SERVER',
    'host-2  0000:01:00.0  PF    8086:10ca     -  physnet1  down  available                 -',
    'host-2  0000:01:10.0  VF    8086:10ca     -  physnet1  -     unavailable (quarantine)  -',
    '',
    'host-2 0000:01:10.0 is quarantined: not as it was: VLAN is 42, was 0',
    'Their hosts try again every half minute; no server gets them before that succeeds.',
    '',
  ]);
});

for (const { line, asks, gives } of narrowed) {
  test(`novella ${line} sends the API ${asks}`, async () => {
    expect(JSON.parse(await run(line))).toEqual({ devices: gives });
  });
}

test('pci devices reports that nothing matches', async () => {
  expect(await run('pci devices --free --host host-1')).toBe('No PCI device matches.\n');
});

test('pci devices: a name of several servers is shown with the start of the id', async () => {
  const list = 'GET /v2.1/servers?all_tenants=True';
  const twins = [serverId, 'other'].map((id) => ({ id, name: 'web' }));
  cloud.answer(list, { body: { servers: twins } });
  const text = await run('pci devices');
  cloud.answer(list, { body: { servers: [{ id: serverId, name: 'web' }] } });
  expect(text).toMatch(/allocated {2}6d0f5f54 web$/m);
});

test('pci devices omits names where the caller may not list all servers', async () => {
  const list = 'GET /v2.1/servers?all_tenants=True';
  cloud.answer(list, { status: 403, body: { forbidden: { message: 'policy' } } });
  const text = await run('pci devices');
  cloud.answer(list, { body: { servers: [{ id: serverId, name: 'web' }] } });
  expect(text).toMatch(/allocated {2}6d0f5f54$/m);
});

test('pci pools: the free devices per pool, and the roll-up per host in the recorded format', async () => {
  expect(await run('pci pools')).toBe(
    [
      'HOST    NETWORK   PRODUCT  VENDOR  TYPE  NUMA  PF            FREE',
      'host-1  physnet1  10ca     8086    VF       0  0000:01:00.0     6',
      '',
      'Free by physical network, product, vendor:',
      '  host-1',
      '    physnet1, 10ca, 8086 : 6',
      '  host-2',
      '    -, 10c9, 8086 : 1',
      '',
    ].join('\n'),
  );
});

test('pci pools --json prints the document of the API', async () => {
  expect(JSON.parse(await run('pci pools --json'))).toEqual(pools);
});

test('explain shows host, candidates, refusals, and each NIC from request to binding', async () => {
  expect(await run('explain web')).toBe(
    [
      `Server  web  ${serverId}`,
      'Status  ACTIVE',
      'Host    host-1',
      '',
      'Attempt 1: why host-1, decided 2026-01-02T03:04:05Z',
      '  CANDIDATE  WEIGHT  MADE OF',
      '  host-1       1.50  ram 1.00, pci 0.50',
      '  REFUSED  BY                    REASON',
      '  host-2   PciPassthroughFilter  physnet1: 0 of 1 VF free',
      '  took 0000:01:10.0 from the pool of 0000:01:00.0',
      `    for request ${requestId}`,
      '',
      'NICs',
      '  0  direct  fa:16:3e:00:00:01  port port-1',
      `     request ${requestId}`,
      '     → 0000:01:10.0 allocated on host-1',
      '     → bound as hw_veb at 0000:01:10.0, physnet1',
      '  1  normal  fa:16:3e:00:00:02  port port-2  bound as bridge, takes no device',
      '',
    ].join('\n'),
  );
});

test('explain --xml adds the domain XML', async () => {
  const plain = await run(`explain ${serverId}`);
  expect(await run(`explain ${serverId} --xml`)).toBe(`${plain}\n<domain type="kvm"/>\n`);
});

test('explain --json prints the document of the API', async () => {
  expect(JSON.parse(await run('explain web --json'))).toEqual(explanation);
});

test('explain shows the fault of a server that no host took', async () => {
  const id = serverId.replace('6', '7');
  const message = 'No valid host: host-1: physnet2: 0 of 1 VF free';
  const fault = { code: 500, created: '2026-01-02T03:04:05Z', message, details: '' };
  const server = { ...explanation.server, id, status: 'ERROR', host: null, fault };
  const body = { ...explanation, server, decisions: [], nics: [], domain_xml: null };
  cloud.answer(`GET /novella/v1/servers/${id}/explain`, { body });
  expect(await run(`explain ${id} --xml`)).toBe(
    [
      `Server  web  ${id}`,
      'Status  ERROR',
      'Host    none',
      `Fault   ${message}`,
      '',
      'No domain XML: the server has not reached its host.',
      '',
    ].join('\n'),
  );
});

test('the cloud may be named before or after the command, and single values override the variables', async () => {
  const { authUrl } = cloud.credentials;
  const nowhere = { OS_AUTH_URL: 'http://127.0.0.1:1/v3' };
  for (const line of [`--os-auth-url ${authUrl} pci pools`, `pci pools --os-auth-url ${authUrl}`]) {
    const { text } = await typed(cloud, `${line} -f json`, { variables: nowhere });
    expect(JSON.parse(text)).toEqual(pools);
  }
  expect(await run('pci pools --json --format table')).toBe(await run('pci pools'));
  await expect(typed(cloud, '--os-cloud nosuch pci pools')).rejects.toThrow('no clouds.yaml is at');
  await expect(run('--os-interface sideways pci pools')).rejects.toThrow('interface "sideways"');
});

const refused = [
  {
    line: 'pci devices --host host-9',
    expected: 'no record of GET /novella/v1/pci/devices?host=host-9',
  },
  { line: 'explain no.one', expected: 'no server has the id or name "no.one"' },
  { line: 'explain twin', expected: '2 servers are named "twin": id-1, id-2. Give the id.' },
  { line: 'pci devices --status gone', expected: 'Allowed choices are available' },
  { line: 'pci devices --free --status claimed', expected: 'cannot be used with' },
];
for (const { line, expected } of refused) {
  test(`novella ${line} is refused with a readable message`, async () => {
    await expect(run(line)).rejects.toThrow(expected);
  });
}
