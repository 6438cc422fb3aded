/** `novella pci check` as a user types it, on a described machine and a recorded controller. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';
import { aCard } from '#test/hosts/pci-cards.ts';
import { aDeviceView, aHostView } from '#test/worlds/operator-views.ts';
import type { LocalMachine } from './pci-check.ts';

const functions = aCard({ vfs: 2 }).map((fn) =>
  fn.deviceType === 'type-PF' ? { ...fn, ifname: 'ens1' } : fn,
);
const serverId = '6d0f5f54-3f0c-4b8e-9f6c-0f5b4f8f7a10';

const lists: Record<string, string[]> = {
  aliased: ['{"devname": "ens1"}'],
  good: ['{"devname": "ens1", "physical_network": "physnet1"}'],
  odd: ['{"product_id": "1018"}', '{"address": "0000:3b:00.1"}', '{"devname": "ens9"}', '{'],
};
const aliased = {
  text: '{"name": "nic", "vendor_id": "15b3", "product_id": "1017"}',
  source: 'aliased.yaml:2',
};
const machine: LocalMachine = {
  hostName: 'host-1',
  capture: async (path) => `captured ${path}`,
  readFunctions: async () => ({ functions, unreadable: [{ address: 'x', problem: 'odd' }] }),
  readUses: async (path, addresses) =>
    path === '/used'
      ? new Map(addresses.slice(1).map((address) => [address, [`its interface is a port of br9`]]))
      : undefined,
  readNodeDevices: async (path) => {
    if (path === '/silent') return { state: 'unlisted', why: 'Connection refused' };
    if (path !== '/unknown') return undefined;
    return { state: 'listed', known: new Set(functions.slice(0, 2).map(({ address }) => address)) };
  },
  readDeviceList: ({ config = '' }) => ({
    entries: (lists[config] ?? []).map((text, at) => ({
      text,
      source: `${config}.yaml:${at + 1}`,
    })),
    aliases: config === 'aliased' ? [aliased] : [],
  }),
};

const held = aDeviceView({
  host: 'host-1',
  address: '0000:3b:00.1',
  tags: { physical_network: 'physnet1' },
  status: 'allocated',
  instance_uuid: serverId,
});
const gone = { ...held, address: '0000:77:00.1' };

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  cloud.answer('GET /v2.1/servers?all_tenants=True', {
    body: { servers: [{ id: serverId, name: 'web' }] },
  });
});
afterAll(() => cloud.stop());

/** Sentences before their lines were wrapped. */
function unwrapped(text: string): string {
  return text.replaceAll(/(?<=\S)\n {3,}(?=\S)/g, ' ');
}

const run = (line: string) => typed(cloud, `pci ${line}`, { machine });

test('a list whose every entry has an effect is fine', async () => {
  const { text, status } = await run('check --config good');
  expect(status).toBe(0);
  expect(text).toBe(
    [
      '3 PCI functions from /sys, 1 entry: 3 offered',
      'x cannot be read and is left out: odd',
      '',
      'Entry 0  good.yaml:1',
      '  { "devname": "ens1", "physical_network": "physnet1" }',
      '  matches 3 functions',
      '',
      'OFFERED       TYPE  ID         NETDEV  ENTRY  POOL',
      '0000:3b:00.0  PF    15b3:1017  ens1        0  physnet1, 1017, 15b3',
      '0000:3b:00.1  VF    15b3:1018  -           0  physnet1, 1018, 15b3',
      '0000:3b:00.2  VF    15b3:1018  -           0  physnet1, 1018, 15b3',
      '',
      'Pools, with nothing held (physical network, product, vendor : count)',
      '  physnet1, 1017, 15b3 : 1',
      '  physnet1, 1018, 15b3 : 2',
      '',
      'Fine.',
      '',
    ].join('\n'),
  );
});

test('reports refused, shadowed, unmatched and near-miss entries, with exit status 1', async () => {
  const { text, status } = await run('check --config odd');
  expect(status).toBe(1);
  for (const line of [
    '  odd.yaml:4: {: must be JSON',
    '  matches 1 function, takes 0 (entry 0 takes 1 before it)',
    '  problem: the one function it admits is taken by entry 0 before it',
    '  problem: matches nothing: the host has no network interface "ens9"; it has ens1',
    'PF    15b3:1017  ens1    1: address function is not 1',
    'Problems: 1 entry refused, 2 entries without effect.',
  ]) {
    expect(unwrapped(text)).toContain(line);
  }
});

test('a change that takes a device from a server is not safe, with exit status 2', async () => {
  cloud.answer('GET /novella/v1/pci/devices?host=host-1', { body: { devices: [held, gone] } });
  const { text, status } = await run('check --config good --against');
  expect(status).toBe(2);
  expect(text).toContain(
    [
      'Compared with what the controller has of host-1',
      '  unchanged: 1',
      '  would appear: 2 (0000:3b:00.0, 0000:3b:00.2)',
      `  WOULD BE LOST: 0000:77:00.1, allocated to server web (${serverId})`,
      '',
      'NOT SAFE: 1 device that a server holds would be lost.',
    ].join('\n'),
  );
});

test('free devices that are removed and tags that change are reported, and that is safe', async () => {
  const free = { ...gone, status: 'available', instance_uuid: null };
  const tagged = { ...held, tags: { physical_network: 'physnet1', rack: '7' } };
  cloud.answer('GET /novella/v1/pci/devices?host=host-1', { body: { devices: [tagged, free] } });
  const { text, status } = await run(`check --config good --against ${cloud.origin}`);
  expect(status).toBe(0);
  for (const line of [
    '  would be lost: 1 (0000:77:00.1)',
    '  other tags: 0000:3b:00.1: rack 7 → none; held by server web',
    'Fine: no server would lose a device.',
  ]) {
    expect(unwrapped(text)).toContain(line);
  }
});

test('a held device that would move to another physical network is not safe', async () => {
  const tagged = { ...held, tags: { physical_network: 'physnet2' } };
  cloud.answer('GET /novella/v1/pci/devices?host=host-1', { body: { devices: [tagged] } });
  const { text, status } = await run('check --config good --against');
  expect(status).toBe(2);
  expect(unwrapped(text)).toContain(
    '  WOULD CHANGE IN USE: 0000:3b:00.1: physical_network physnet2 → physnet1; held by server web',
  );
  expect(text).toContain(
    'NOT SAFE: 1 device that a server holds would change physical network or trust.',
  );
});

test('an alias that matches no offered function is named', async () => {
  const { text, status } = await run('check --config aliased');
  expect(status).toBe(0);
  expect(text).toContain(
    [
      'Aliases, and how many of the offered functions each can take',
      '  nic: 0',
      '    warning: alias nic asks for no device_type, 15b3:1017 is offered as type-PF',
    ].join('\n'),
  );
});

test('a second --config is refused, not ignored', async () => {
  await expect(run('check --config good --config odd')).rejects.toThrow(
    '--config "odd": is given twice; name one',
  );
});

test('for another host the controller is queried, and the answer has the file’s lines', async () => {
  cloud.answer('POST /novella/v1/pci/check', {
    body: {
      result: 'problems',
      functions_from: { source: 'what the controller knows', complete: false, note: 'not all' },
      unreadable: [],
      refused: ['device_spec[3]: {: must be JSON'],
      entries: [
        {
          entry: 1,
          source: 'device_spec[1]',
          device_spec: {},
          matches: 1,
          takes: 1,
          taken_before: [],
          findings: [],
        },
      ],
      functions: [],
      aliases: [],
      pools: [],
      stats: [],
      change: null,
    },
  });
  const { text, status } = await run('check --config odd --against --host host-2 --json');
  expect(status).toBe(1);
  expect(JSON.parse(text)).toMatchObject({
    refused: ['odd.yaml:4: {: must be JSON'],
    entries: [{ source: 'odd.yaml:2' }],
  });
  expect(cloud.received.at(-1)?.body).toEqual({
    host: 'host-2',
    device_spec: lists['odd'],
    alias: [],
  });
});

test('a capture is printed', async () => {
  expect((await run('capture')).text).toBe('captured /sys');
});

test.each([
  {
    line: '--config good --against --host host-9 --sysfs /sys',
    message: '--host host-9: the controller has no such host; it has host-1, host-2',
  },
  {
    line: '--config good --against nonsense',
    message: '--against "nonsense": must be the address',
  },
  { line: '--config good --nova-conf x', message: 'cannot be used with' },
])('$line is refused with a message', async ({ line, message }) => {
  const hosts = ['host-1', 'host-2'].map((name) => aHostView({ name }));
  cloud.answer('GET /novella/v1/hosts', { body: { hosts } });
  await expect(run(`check ${line}`)).rejects.toThrow(message);
});

test('offered functions that the host uses are listed with the use; the list itself may be fine', async () => {
  const { text, status } = await run('check --config good --sysfs /used');
  expect(status).toBe(0);
  expect(text).toContain(
    [
      'Used by this host: no server gets these until the use has ended',
      '  0000:3b:00.1: its interface is a port of br9',
      '  0000:3b:00.2: its interface is a port of br9',
    ].join('\n'),
  );
  const { text: json } = await run('check --config good --sysfs /used --json');
  const { functions: shown } = JSON.parse(json) as { functions: { host_uses: string[] }[] };
  expect(shown.map(({ host_uses: uses }) => uses.length)).toEqual([0, 1, 1]);
});

test('functions that libvirt does not know are shown with the reason, and are in no pool', async () => {
  const { text, status } = await run('check --config good --sysfs /unknown');
  expect(status).toBe(0);
  expect(unwrapped(text)).toContain(
    [
      'No server gets these, though an entry admits them',
      '  0000:3b:00.2: libvirt does not know it: virsh nodedev-list --cap pci does not have it',
    ].join('\n'),
  );
  expect(text).toContain('physnet1, 1018, 15b3 : 1');
  const { text: json } = await run('check --config good --sysfs /unknown --json');
  const { functions: shown } = JSON.parse(json) as { functions: { quarantine: string | null }[] };
  expect(shown.map(({ quarantine }) => quarantine === null)).toEqual([true, true, false]);
});

test('a libvirt that does not answer is a line, and the rest is from sysfs', async () => {
  const { text, status } = await run('check --config good --sysfs /silent');
  expect(status).toBe(0);
  expect(text.replaceAll(/\n\s*/g, ' ')).toContain(
    '(libvirt cannot list them, so they are known from sysfs alone: Connection refused)',
  );
  expect(text).toContain('physnet1, 1018, 15b3 : 2');
});
