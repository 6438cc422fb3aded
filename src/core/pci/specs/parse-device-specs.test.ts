import { describe, expect, test } from 'vitest';
import { isComputeError } from '../../errors.ts';
import { parsePciAddress } from '../devices/address.ts';
import type { PciFunction } from '../devices/device.ts';
import { compileDeviceSpecs } from './device-matcher.ts';
import { parseDeviceSpecs } from './parse-device-specs.ts';

function aFunction(address: string, change: Partial<PciFunction> = {}): PciFunction {
  return {
    address: parsePciAddress(address),
    vendorId: '8086',
    productId: '10ca',
    deviceType: 'type-VF',
    parentAddress: parsePciAddress('0000:01:00.0'),
    numaNode: 0,
    ifname: null,
    parentIfname: 'enp1s0',
    macAddress: null,
    capabilities: {},
    ...change,
  };
}

const pf = aFunction('0000:01:00.0', {
  productId: '10c9',
  vfProductId: '10ca',
  deviceType: 'type-PF',
  parentAddress: null,
  ifname: 'enp1s0',
});
const vf0 = aFunction('0000:01:10.0', { ifname: 'enp1s0v0' });
const vf1 = aFunction('0000:01:10.4');
const other = aFunction('0001:02:00.0', { deviceType: 'type-PCI', parentAddress: null });
const host = [pf, vf0, vf1, other];

function parse(...option: unknown[]) {
  const sources = option.map((value, at) => ({
    text: typeof value === 'string' ? value : JSON.stringify(value),
    source: `nova.conf:${at + 1}`,
  }));
  return parseDeviceSpecs(sources, host);
}

const admitted: { name: string; given: unknown[]; gives: PciFunction[] }[] = [
  {
    name: 'the address of a PF: it and its VFs',
    given: [{ address: '0000:01:00.0' }],
    gives: [pf, vf0, vf1],
  },
  { name: 'the same with a blank domain: only it', given: [{ address: '01:00.0' }], gives: [pf] },
  {
    name: 'a devname of a PF: it and its VFs',
    given: [{ devname: 'enp1s0' }],
    gives: [pf, vf0, vf1],
  },
  { name: 'a devname of a VF: that VF', given: [{ devname: 'enp1s0v0' }], gives: [vf0] },
  { name: 'a devname of an absent interface: nothing', given: [{ devname: 'enp9s0' }], gives: [] },
  {
    name: 'a blank and a star match anything',
    given: [{ address: ':01:10.*' }],
    gives: [vf0, vf1],
  },
  { name: 'a lone dot matches anything', given: [{ address: '.' }], gives: host },
  {
    name: 'an empty address matches anything',
    given: [{ address: '', product_id: '10c9' }],
    gives: [pf],
  },
  { name: 'a function alone', given: [{ address: '.4' }], gives: [vf1] },
  { name: 'a slot and function', given: [{ address: '10.4' }], gives: [vf1] },
  {
    name: 'expressions are anchored at their start',
    given: [{ address: { slot: '1' } }],
    gives: [vf0, vf1],
  },
  {
    name: 'literal expressions of a PF: it and its VFs',
    given: [{ address: { domain: '0000', bus: '01', slot: '00', function: '0' } }],
    gives: [pf, vf0, vf1],
  },
  {
    name: 'ids in upper case and with 0x',
    given: [{ vendor_id: '0x8086', product_id: '10C9' }],
    gives: [pf],
  },
  {
    name: 'device_id beside product_id is the vendor',
    given: [{ device_id: '8086', product_id: '10c9' }],
    gives: [pf],
  },
  {
    name: 'a remote-managed entry needs a card serial',
    given: [{ product_id: '10ca', remote_managed: 'true' }],
    gives: [],
  },
];

describe('device specs', () => {
  for (const { name, given, gives } of admitted) {
    test(`match by ${name}`, () => {
      const match = compileDeviceSpecs(parse(...given), host);
      const found = host.filter((fn) => match(fn) !== undefined);
      expect(found.map(({ address }) => address)).toEqual(gives.map(({ address }) => address));
    });
  }
});

test('the first entry that matches a device gives its tags, counted over lines and lists', () => {
  const specs = parse(
    [{ product_id: 'ffff' }, { address: '*:01:10.0', physical_network: 'left', rack: 7 }],
    { vendor_id: '8086', physical_network: null, managed: 'YES' },
  );
  const entries = [vf0, vf1].map(compileDeviceSpecs(specs, host));
  expect(entries.map((match) => [match?.spec.entry, match?.spec.source, match?.tags])).toEqual([
    [1, 'nova.conf:1', { physical_network: 'left', rack: '7' }],
    [2, 'nova.conf:2', { physical_network: null, managed: 'true' }],
  ]);
});

test('an object from YAML equals its JSON text, and a deprecated key is warned of', () => {
  const [spec] = parseDeviceSpecs([{ object: { device_id: '8086' }, source: 'x.yaml:3' }], host);
  expect(spec).toMatchObject({ vendorId: '8086', productId: '*', tags: {} });
  expect(spec?.warnings).toEqual([
    'device_id "8086" is read as vendor_id, its old name; write vendor_id',
  ]);
});

const refused: { given: unknown; rule: string; message: string }[] = [
  {
    given: '{"vendor_id": ',
    rule: 'bad_json',
    message: 'nova.conf:1: {"vendor_id": : must be JSON',
  },
  {
    given: ' ',
    rule: 'bad_json',
    message: 'nova.conf:1: device_spec is empty: must be a JSON object or a list of objects',
  },
  {
    given: `\u001b[2J${'x'.repeat(80)}`,
    rule: 'bad_json',
    message: `nova.conf:1: \\u001b[2J${'x'.repeat(51)}…: must be JSON (Unexpected token '\\u001b'`,
  },
  { given: '5', rule: 'not_list_or_dict', message: 'nova.conf:1: 5: must be an object or a list' },
  {
    given: [{}, 'x'],
    rule: 'entry_not_object',
    message: 'nova.conf:1: entry 1: "x": must be an object',
  },
  {
    given: { vendor_id: '80g6' },
    rule: 'not_hex',
    message: 'entry 0: vendor_id "80g6": must be hex',
  },
  { given: { product_id: '' }, rule: 'not_hex', message: 'product_id ""' },
  { given: { vendor_id: 8086 }, rule: 'not_text', message: 'vendor_id 8086: must be text' },
  { given: { product_id: '12345' }, rule: 'out_of_range', message: 'must not be above ffff' },
  { given: { address: '0000:01:20.0' }, rule: 'out_of_range', message: 'address slot "20"' },
  { given: { address: '0000:01:00.8' }, rule: 'out_of_range', message: 'address function "8"' },
  {
    given: { address: '100000000:01:00.0' },
    rule: 'out_of_range',
    message: 'address domain "100000000"',
  },
  {
    given: '{"devname":"a","physical_network":"x","devname":"b"}',
    rule: 'repeated_key',
    message: 'key "devname" is written twice in one object',
  },
  { given: { address: '0:0:0:0' }, rule: 'wrong_address_format', message: 'has more than' },
  { given: { address: 7 }, rule: 'wrong_address_format', message: 'address 7: must be text' },
  { given: { address: { bus: '[0' } }, rule: 'wrong_address_format', message: 'bus "[0"' },
  {
    given: { address: { func: '0' } },
    rule: 'wrong_address_format',
    message: '"func" is not one of',
  },
  { given: { address: '*', devname: 'a' }, rule: 'devname_and_address', message: 'devname "a"' },
  { given: { managed: 'maybe' }, rule: 'bad_boolean_tag', message: 'tag managed "maybe"' },
  {
    given: { one_time_use: 'yes' },
    rule: 'one_time_use_needs_placement',
    message: 'report_in_placement',
  },
  { given: { physical_network: ['a'] }, rule: 'not_text', message: 'tag physical_network ["a"]' },
  {
    given: { device_id: '1', vendor_id: '2' },
    rule: 'device_id_and_vendor_id',
    message: 'device_id "1"',
  },
  {
    given: { devname: 'enp1s0', remote_managed: 'yes' },
    rule: 'remote_managed_pf',
    message: '(10ca)',
  },
  {
    given: { devname: 'no0', remote_managed: '1' },
    rule: 'remote_managed_not_present',
    message: 'no0',
  },
  {
    given: { address: '0000:01:00.0', product_id: '1', remote_managed: '1' },
    rule: 'remote_managed_id_mismatch',
    message: '8086:10ca',
  },
];

describe('an entry is refused with its source, number and rule', () => {
  for (const { given, rule, message } of refused) {
    test(`${rule}: ${JSON.stringify(given)}`, () => {
      let error: unknown;
      try {
        parse(given);
      } catch (thrown) {
        error = thrown;
      }
      expect(isComputeError(error, 'invalid')).toBe(true);
      expect(error).toMatchObject({ detail: rule });
      expect(String(error)).toContain(message);
    });
  }
});
