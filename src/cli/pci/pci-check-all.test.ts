import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChangeView, CheckView } from '#client/shapes/pci-check.ts';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';
import type { LocalMachine } from './pci-check.ts';

const serverId = '6d0f5f54-3f0c-4b8e-9f6c-0f5b4f8f7a10';
const nothing = () => Promise.reject(new Error('nothing of this machine is read'));
const machine: LocalMachine = {
  hostName: 'host-1',
  capture: nothing,
  readFunctions: nothing,
  readUses: nothing,
  readNodeDevices: nothing,
  readDeviceList: () => ({ entries: [{ text: '{"a": "b"}', source: 'new.yaml:2' }], aliases: [] }),
};

/** The dry run of a host that changes so. */
function checked(
  host: string,
  result: CheckView['result'],
  change: Partial<ChangeView> = {},
): CheckView {
  return {
    result,
    functions_from: { source: 'x', complete: false, note: null },
    unreadable: [],
    refused: result === 'problems' ? ['device_spec[0]: a "b": is wrong'] : [],
    entries: [],
    functions: [],
    aliases: [],
    pools: [],
    stats: [],
    change: { host, appearing: [], lost: [], retagged: [], kept: 3, safe: true, ...change },
  };
}
const lost = [{ address: '0000:01:10.0', status: 'allocated' as const, instance_uuid: serverId }];

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  cloud.answer('GET /v2.1/servers?all_tenants=True', {
    body: { servers: [{ id: serverId, name: 'web' }] },
  });
});
afterAll(() => cloud.stop());

const run = (line: string) => typed(cloud, `pci check --config new ${line}`, { machine });

test('all pages of hosts: a line for each, the worst first, then what changes', async () => {
  const href = `http://elsewhere/novella/v1/pci/check?marker=host-2`;
  cloud.answer('POST /novella/v1/pci/check', {
    body: {
      result: 'problems',
      hosts: [checked('host-1', 'fine'), checked('host-2', 'problems')],
      hosts_links: [{ rel: 'next', href }],
    },
  });
  const unsafe = checked('host-3', 'unsafe', { lost, safe: false, kept: 2 });
  cloud.answer('POST /novella/v1/pci/check?marker=host-2', {
    body: { result: 'unsafe', hosts: [unsafe] },
  });
  const { text, status } = await run('--all-hosts');
  expect(status).toBe(2);
  expect(text.split('\n')).toEqual([
    'Refused',
    '  new.yaml:2: a "b": is wrong',
    '',
    'HOST    OFFERED  NEW  LOST  HELD  OTHER TAGS  RESULT',
    'host-3        0    0     1     1           0  unsafe',
    'host-2        0    0     0     0           0  problems',
    'host-1        0    0     0     0           0  fine',
    '',
    'Compared with what the controller has of host-3',
    '  unchanged: 2',
    `  WOULD BE LOST: 0000:01:10.0, allocated to server web (${serverId})`,
    '',
    'Unsafe: servers would lose a device, or its physical network or trust.',
    '',
  ]);
  expect(cloud.received.at(-2)?.body).toEqual({ device_spec: ['{"a": "b"}'], alias: [] });
  const { text: json } = await run('--all-hosts --json');
  expect(JSON.parse(json)).toMatchObject({
    result: 'unsafe',
    hosts: [{ result: 'fine' }, { refused: ['new.yaml:2: a "b": is wrong'] }, unsafe],
  });
});

test('without hosts there is nothing to change', async () => {
  cloud.answer('POST /novella/v1/pci/check', { body: { result: 'fine', hosts: [] } });
  expect(await run('--all-hosts')).toEqual({ text: 'The controller has no host.\n', status: 0 });
});

test('it is not for one host, nor for the functions of a sysfs', async () => {
  await expect(run('--all-hosts --host h')).rejects.toThrow('cannot be used with');
  await expect(run('--all-hosts --sysfs /sys')).rejects.toThrow('cannot be used with');
});
