/**
 * Whatever libvirt's node device XML contains: each text gives a function or a problem, and nothing
 * is thrown.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readNodeDevices } from './node-device.ts';

const sysfs = { ifnameOf: () => null, macOf: () => null, vfNumOf: () => undefined };

const value = fc.oneof(fc.string(), fc.constantFrom('0', '31', '0x8086', '99999999999999999999'));
const escaped = value.map((text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
const quoted = escaped.map((text) => text.replaceAll("'", '&apos;'));
const leaf = fc
  .tuple(fc.constantFrom('domain', 'bus', 'slot', 'function', 'name', 'parent', 'path'), escaped)
  .map(([name, text]) => `<${name}>${text}</${name}>`);
const ids = fc
  .tuple(fc.constantFrom('vendor', 'product'), quoted)
  .map(([name, id]) => `<${name} id='${id}'/>`);
const numa = quoted.map((node) => `<numa node='${node}'/>`);
const address = fc
  .tuple(quoted, quoted)
  .map(([bus, slot]) => `<address domain='0x0' bus='${bus}' slot='${slot}' function='0x0'/>`);
const capabilityType = fc.constantFrom(
  'pci',
  'net',
  'vdpa',
  'phys_function',
  'virt_functions',
  'vpd',
);
const capability = (inner: fc.Arbitrary<string>) =>
  fc
    .tuple(capabilityType, fc.array(inner, { maxLength: 6 }))
    .map(([type, parts]) => `<capability type='${type}'>${parts.join('')}</capability>`);
const part = fc.oneof(leaf, ids, numa, address);
const device = fc
  .array(fc.oneof(leaf, capability(fc.oneof(part, capability(part)))), { maxLength: 5 })
  .map((parts) => `<device>${parts.join('')}</device>`);
const text = fc.oneof(device, device, fc.string(), part);

test('any text is parsed, and one that is not a function is reported', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      const { functions, unreadable } = readNodeDevices(texts, sysfs);
      expect(functions.length + unreadable.length).toBeLessThanOrEqual(texts.length);
      for (const fn of functions) expect(Number.isNaN(fn.numaNode)).toBe(false);
    }),
    { numRuns: 200 },
  );
});
