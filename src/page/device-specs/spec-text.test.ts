import { expect, test } from 'vitest';
import { entriesIn, printEntries } from './spec-text.ts';

test.each([
  ['a list', '[{"a": 1},\n {"b": 2}]', [{ a: 1 }, { b: 2 }]],
  ['an object', '{\n  "a": 1\n}', [{ a: 1 }]],
  ['an entry a line', '{"a": 1}\n\n{"b": 2}', ['{"a": 1}', '{"b": 2}']],
  [
    'nova.conf',
    '[pci]\n# VFs\ndevice_spec = {"a": 1}\npassthrough_whitelist={"b": 2}',
    ['{"a": 1}', '{"b": 2}'],
  ],
  ['what is no JSON is for the API to refuse', '{"a": ', ['{"a":']],
  ['a number is no entry', '[7]', ['7']],
  ['nothing', ' \n', []],
])('%s', (_, text, entries) => {
  expect(entriesIn(text)).toEqual(entries);
});

test('what is printed is read again', () => {
  const entries = [{ vendor_id: '8086' }, { address: { bus: '01' } }];
  expect(entriesIn(printEntries(entries))).toEqual(entries.map((one) => JSON.stringify(one)));
});
