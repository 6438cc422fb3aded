import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectAnswersOrRefusals } from '#test/typed-errors.ts';
import { unsupportedOptions } from './unsupported-options.ts';
import { readNovaConf } from './nova-conf.ts';

const file = `[DEFAULT]
transport_url = rabbit://nova:secret@broker
cpu_allocation_ratio = 16.0
ram_allocation_ratio = 0.0
initial_disk_allocation_ratio = 2
pci_alias = {"name": "old"}
pci_passthrough_whitelist = {"devname": "eth0"}
[PCI]
device_spec = {"address": "0000:0a:00.*",
               "physical_network": "physnet#1"}
passthrough_whitelist: [{"vendor_id": "8086"}]
alias = {"name": "new"}
device_spec = {"devname": "eth1"}
report_in_placement = yes
[filter_scheduler]
enabled_filters = ComputeFilter, IoOpsFilter,
  PciPassthroughFilter
pci_weight_multiplier = 2.5
io_ops_weight_multiplier = -1
[wsgi]
x = 1
`;

test('old and new names are read, the oldest first, each value with its line', () => {
  const conf = readNovaConf([{ text: file, file: 'nova.conf' }]);
  expect(conf.deviceSpecs).toEqual([
    { text: '{"devname": "eth0"}', source: 'nova.conf:7' },
    { text: '[{"vendor_id": "8086"}]', source: 'nova.conf:11' },
    {
      text: '{"address": "0000:0a:00.*",\n"physical_network": "physnet#1"}',
      source: 'nova.conf:9',
    },
    { text: '{"devname": "eth1"}', source: 'nova.conf:13' },
  ]);
  expect(conf.aliases).toEqual([
    { text: '{"name": "old"}', source: 'nova.conf:6' },
    { text: '{"name": "new"}', source: 'nova.conf:12' },
  ]);
  expect(conf.allocationRatios).toEqual({ vcpus: 16, disk: 2 });
  expect(conf.weights).toEqual({ pci: 2.5 });
});

test('unsupported options are named with line and reason, without their value', () => {
  const left = unsupportedOptions(readNovaConf([{ text: file, file: 'nova.conf' }]));
  expect(left.map(({ line, option, why }) => `${line} ${option}: ${why}`)).toEqual([
    '2 [DEFAULT] transport_url: Novella has no message broker',
    '4 [DEFAULT] ram_allocation_ratio: 0 leaves it at the default',
    '14 [PCI] report_in_placement: Novella has no Placement; the pools and sizes of hosts are its inventory',
    '16 [filter_scheduler] enabled_filters: Novella applies all its filters always; it has no equivalent of IoOpsFilter',
    '19 [filter_scheduler] io_ops_weight_multiplier: Novella has no such weigher; see docs/scheduling.md',
    '21 [wsgi] x: Novella has no such option',
  ]);
});

test('names of options are escaped, whatever the file contains', () => {
  const [left] = unsupportedOptions(
    readNovaConf([{ text: '[\u001b[2J]\nk\uFFFD = 1', file: 'x' }]),
  );
  expect(left?.option).toBe('[\\u001b[2J] k\\ufffd');
});

test.each([
  {
    given: '[DEFAULT]\ncpu_allocation_ratio = \u0007',
    message: 'nova.conf:2: cpu_allocation_ratio "\\u0007": must be a number',
  },
  {
    given: '[DEFAULT]\ncpu_allocation_ratio = many',
    message: 'nova.conf:2: cpu_allocation_ratio "many": must be a number',
  },
  {
    given: '[filter_scheduler]\ncpu_weight_multiplier = lots',
    message: 'nova.conf:2: cpu_weight_multiplier "lots": must be a number',
  },
])('$given is refused', ({ given, message }) => {
  expect(() => readNovaConf([{ text: given, file: 'nova.conf' }])).toThrow(message);
});

test('any text of known options is parsed or refused with a typed error', () => {
  const line = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom(...file.split('\n')), fc.string()).map((parts) => parts.join('')),
  );
  expectAnswersOrRefusals(fc.array(line, { maxLength: 20 }), file.split('\n'), (lines) =>
    unsupportedOptions(readNovaConf([{ text: lines.join('\n'), file: 'x' }])),
  );
});

test('files are merged in order, and the last single value counts', () => {
  const conf = readNovaConf([
    {
      file: '01.conf',
      text: '[pci]\nalias = a\ndevice_spec = b\n[DEFAULT]\ncpu_allocation_ratio = 2',
    },
    {
      file: '02.conf',
      text: '[DEFAULT]\npci_passthrough_whitelist = c\ncpu_allocation_ratio = 4\n[pci]\nalias = d',
    },
  ]);
  expect(conf.deviceSpecs).toEqual([
    { text: 'b', source: '01.conf:3' },
    { text: 'c', source: '02.conf:2' },
  ]);
  expect(conf.aliases.map(({ text }) => text)).toEqual(['a', 'd']);
  expect(conf.allocationRatios).toEqual({ vcpus: 4 });
});
