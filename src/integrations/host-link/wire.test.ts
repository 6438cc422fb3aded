import { expect, test } from 'vitest';
import { readFromAgent, readFromController } from './wire.ts';

const facts = {
  type: 'QEMU',
  version: 1,
  vcpus: 1,
  memoryMib: 1,
  diskGib: 1,
  cpuModel: 'any',
  architecture: 'x86_64',
};
const rest = { facts, hostIp: '192.0.2.1', physicalNetworks: [], guests: [] };

/** A VF with all that a report may have of it. */
const device = (at: number) => ({
  function: {
    address: `0000:${(at >> 8).toString(16).padStart(2, '0')}:${((at >> 3) & 31).toString(16).padStart(2, '0')}.${at & 7}`,
    vendorId: '8086',
    productId: '1889',
    deviceType: 'type-VF',
    parentAddress: '0000:03:00.0',
    numaNode: 0,
    ifname: `enp3s0v${at}`,
    otherIfnames: [],
    parentIfname: 'enp3s0',
    otherParentIfnames: [],
    vfProductId: '1889',
    link: 'up',
    macAddress: null,
    capabilities: {
      sriov: { pfMacAddress: '02:00:00:00:00:01', vfNum: at },
      vpd: { cardSerialNumber: 'a' },
      network: Array.from({ length: 20 }, (_, feature) => `feature-${feature}`),
    },
  },
  tags: { physical_network: 'physnet1', trusted: 'true' },
});
const hello = (devices: string) =>
  `{"type":"hello","host":"host-1","report":{"devices":${devices},${JSON.stringify(rest).slice(1)}}`;
const listOf = (count: number, text: string) => `[${Array(count).fill(text).join()}]`;

test('the report of a large host, with 4,096 devices, is read', () => {
  const devices = Array.from({ length: 4_096 }, (_, at) => device(at));
  const text = hello(JSON.stringify(devices));
  const read = readFromAgent(text);
  const found = read.type === 'hello' ? read.report.devices : [];
  expect(JSON.stringify(found)).toBe(JSON.stringify(devices));
});

test.each([
  {
    name: 'nested without end',
    text: hello('['.repeat(200_000)),
    message: 'the message is nested deeper than 64 levels',
  },
  {
    name: 'of 300,000 empty devices',
    text: hello(listOf(300_000, '{}')),
    message: 'the message has more than 250000 values',
  },
  {
    name: 'of 200,000 empty devices',
    text: hello(listOf(200_000, '{}')),
    message: 'hello.report.devices: must not have more than 4096 items',
  },
  {
    name: 'of 4,000 empty devices',
    text: hello(listOf(4_000, '{}')),
    message: "hello.report.devices.0: required key 'function', 'tags' is missing",
  },
  {
    name: 'with one fault after many devices',
    text: hello(
      JSON.stringify([...Array.from({ length: 900 }, (_, at) => device(at)), { tags: {} }]),
    ),
    message: "hello.report.devices.900: required key 'function' is missing",
  },
])('a message $name is refused within the time of a reading', ({ text, message }) => {
  const began = process.cpuUsage();
  expect(() => readFromAgent(text)).toThrow(message);
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000);
});

test('a message of the controller has the same bounds', () => {
  const text = `{"type":"welcome","hostId":${'['.repeat(100)}`;
  expect(() => readFromController(text)).toThrow('the message is nested deeper than 64 levels');
});

test('the traffic of VFs is read; a count below zero is refused', () => {
  const counted = { bytes: 64, packets: 1, errors: null, drops: 0 };
  const vf = { address: '0000:01:10.0', received: counted, sent: counted };
  const message = { type: 'traffic', vfs: [vf] };
  expect(readFromAgent(JSON.stringify(message))).toEqual(message);
  const wrong = { ...message, vfs: [{ ...vf, sent: { ...counted, bytes: -1 } }] };
  expect(() => readFromAgent(JSON.stringify(wrong))).toThrow('traffic.vfs.0.sent.bytes');
});
