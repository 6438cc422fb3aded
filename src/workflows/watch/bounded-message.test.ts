import { expect, test } from 'vitest';
import type { CommandResult, HostReport, ToController } from '#contracts/host/host-link.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { facts } from '#test/worlds/store-rows.ts';
import { boundedMessage } from './bounded-message.ts';

const long = 'x'.repeat(100_000);
const cut = `${'x'.repeat(4_095)}…`;
const problem = { code: 'iommu-off', message: long, blocks: 'all' } as const;
const report: HostReport = {
  facts,
  hostIp: '192.0.2.7',
  physicalNetworks: [],
  devices: [
    {
      function: {
        ...{ address: parsePciAddress('0000:01:10.0'), vendorId: '8086', productId: '10ca' },
        ...{ deviceType: 'type-VF', parentAddress: null, numaNode: null, ifname: null },
        ...{ parentIfname: null, macAddress: null, capabilities: {} },
        quarantine: long,
      },
      tags: {},
    },
  ],
  guests: [],
  problems: [
    { ...problem, data: { free: 0 } },
    { ...problem, data: { output: long } },
  ],
};

test.each(['hello', 'report'] as const)('texts of a %s are cut; other parts stay', (type) => {
  const bounded = boundedMessage(
    type === 'hello' ? { type, host: 'host-1', report } : { type, report },
  );
  expect(bounded).toEqual({
    ...(type === 'hello' ? { type, host: 'host-1' } : { type }),
    report: {
      ...report,
      problems: [
        { ...problem, message: cut, data: { free: 0 } },
        { ...problem, message: cut },
      ],
      devices: [{ tags: {}, function: { ...report.devices[0]?.function, quarantine: cut } }],
    },
  });
});

test('the error of a command is cut, its detail later; what was requested stays', () => {
  const failed: CommandResult = { ok: false, message: long, detail: long, steps: [] };
  expect(boundedMessage({ type: 'result', seq: 1, result: failed })).toEqual({
    type: 'result',
    seq: 1,
    result: { ok: false, message: cut, detail: `${'x'.repeat(16_383)}…`, steps: [] },
  });
  const output: ToController = {
    type: 'result',
    seq: 2,
    result: { ok: true, output: long, domainXml: long, steps: [] },
  };
  expect(boundedMessage(output)).toEqual(output);
});

test('the error of a console is cut', () => {
  const answer = { id: 'c1', isConflict: true };
  expect(boundedMessage({ type: 'console', answer: { ...answer, problem: long } })).toEqual({
    type: 'console',
    answer: { ...answer, problem: cut },
  });
});

test('texts lose U+0000, which a device or a console of a guest may have', () => {
  const [device] = report.devices;
  const odd = { ...device!.function, quarantine: 'bro\0ken' };
  const given = { ...report, devices: [{ function: odd, tags: { 'a\0': 'b\0' } }], problems: [] };
  const read = boundedMessage({ type: 'report', report: given });
  expect(JSON.stringify(read)).not.toContain(String.raw`\u0000`);
  expect(read).toMatchObject({
    report: { devices: [{ function: { quarantine: 'broken' }, tags: { a: 'b' } }] },
  });
  const output: CommandResult = { ok: true, steps: [], output: 'boot\0ed' };
  expect(boundedMessage({ type: 'result', seq: 1, result: output })).toMatchObject({
    result: { output: 'booted' },
  });
});
