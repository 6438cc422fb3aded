import { expect, test } from 'vitest';
import { vpdSerialNumber } from './vpd.ts';

const bytes = (text: string) => [...Buffer.from(text, 'latin1')];
const large = (tag: number, content: number[]) => [
  tag,
  content.length & 0xff,
  content.length >> 8,
  ...content,
];
const field = (name: string, text: string) => [...bytes(name), text.length, ...bytes(text)];

const name = large(0x82, bytes('ConnectX-6 Dx'));
const readOnly = large(0x90, [
  ...field('PN', 'MCX623106AC'),
  ...field('SN', 'MT2042X12345 \0'),
  ...field('RV', '\x01'),
]);

const rows = [
  {
    name: 'the serial number among other fields',
    given: [...name, ...readOnly, 0x78],
    gives: 'MT2042X12345',
  },
  { name: 'no data', given: [], gives: undefined },
  { name: 'no serial number', given: [...name, 0x78], gives: undefined },
  { name: 'truncated data', given: [...name, ...readOnly.slice(0, 6)], gives: undefined },
  { name: 'an empty serial number', given: large(0x90, field('SN', '  ')), gives: undefined },
];

test.each(rows)('card serial number: $name', ({ given, gives }) => {
  expect(vpdSerialNumber(Uint8Array.from(given))).toBe(gives);
});
