import { expect, test } from 'vitest';
import { aCard } from '#test/hosts/pci-cards.ts';
import { parsePciAddress } from '../devices/address.ts';
import type { PciFunction } from '../devices/device.ts';
import { auditDeviceSpecs, printFinding } from './device-spec-audit.ts';
import { parseDeviceSpecs } from './parse-device-specs.ts';

/** A PF with two VFs, a PF that has none yet, and a card without SR-IOV. */
const [pf, ...vfs] = aCard({ vfs: 2 });
const [barePf] = aCard({ bus: '5e', vfs: 0 });
const functions: PciFunction[] = [
  { ...pf!, ifname: 'ens1', vfProductId: '1018' },
  ...vfs,
  { ...barePf!, vendorId: '8086', productId: '1572', ifname: 'ens2', vfProductId: '154c' },
  {
    ...barePf!,
    address: parsePciAddress('0000:00:02.0'),
    vendorId: '1af4',
    productId: '1001',
    deviceType: 'type-PCI',
  },
];

function findings(...option: object[]): string[] {
  const sources = option.map((object, at) => ({ object, source: `x:${at + 1}` }));
  return auditDeviceSpecs(parseDeviceSpecs(sources, functions), functions).map(
    ({ level, source, code, message }) => `${level} ${source} ${code}: ${message}`,
  );
}

const rows: { name: string; given: object[]; gives: string | undefined }[] = [
  {
    name: 'a network interface that does not exist',
    given: [{ devname: 'ens9' }],
    gives: 'problem x:1 absent-netdev: the host has no network interface "ens9"; it has ens1, ens2',
  },
  {
    name: 'an address without a device',
    given: [{ address: '0000:77:00.0' }],
    gives: 'problem x:1 absent-address: no PCI function is at 0000:77:00.0',
  },
  {
    name: 'an address without a device, with ids that exist elsewhere',
    given: [{ address: '0000:77:00.0', product_id: '1018' }],
    gives:
      'problem x:1 absent-address: no PCI function is at 0000:77:00.0; *:1018 is at 0000:3b:00.1, 0000:3b:00.2',
  },
  {
    name: 'the product of VFs that do not exist yet',
    given: [{ vendor_id: '8086', product_id: '154c' }],
    gives:
      'problem x:1 pf-without-vfs: 154c is the product of VFs, and PF ens2 (0000:5e:00.0) has no VFs yet (sriov_numvfs is 0)',
  },
  {
    name: 'the same by the interface of the PF',
    given: [{ devname: 'ens2', product_id: '154c' }],
    gives:
      'problem x:1 pf-without-vfs: 154c is the product of VFs, and PF ens2 (0000:5e:00.0) has no VFs yet (sriov_numvfs is 0)',
  },
  {
    name: 'a PF that has no VFs yet, matched itself',
    given: [{ devname: 'ens2' }],
    gives:
      'warning x:1 only-pfs-without-vfs: admits only PFs, and they have no VFs yet (ens2: sriov_numvfs is 0); direct ports need VFs',
  },
  {
    name: 'vendor and product swapped',
    given: [{ vendor_id: '1018', product_id: '15b3' }],
    gives:
      'problem x:1 ids-swapped: vendor_id and product_id look swapped: 15b3:1018 is there (2 functions)',
  },
  {
    name: 'an unknown vendor',
    given: [{ vendor_id: '10de' }],
    gives:
      'problem x:1 wrong-vendor: no PCI function has vendor_id 10de; there are 15b3, 8086, 1af4',
  },
  {
    name: 'the right vendor with a wrong product',
    given: [{ vendor_id: '15b3', product_id: '1019' }],
    gives:
      'problem x:1 wrong-product: vendor 15b3 is there as 15b3:1017, 15b3:1018, not as 15b3:1019',
  },
  {
    name: 'an unknown product',
    given: [{ product_id: 'ffff' }],
    gives:
      'problem x:1 wrong-product: no PCI function has product_id ffff; there are 15b3:1017, 15b3:1018, 8086:1572, 1af4:1001',
  },
  {
    name: 'a named card with other ids',
    given: [{ devname: 'ens1', product_id: '1019' }],
    gives:
      'problem x:1 wrong-product: ens1 (0000:3b:00.0) is 15b3:1017 and its VFs are 15b3:1018; the entry asks for *:1019',
  },
  {
    name: 'an address of which one part is wrong',
    given: [{ address: '*:3c:00.*', product_id: '1018' }],
    gives:
      'problem x:1 wrong-address: no *:1018 is at address "*:3c:00.*"; 2 functions would be with bus 3b',
  },
  {
    name: 'an address where another device is',
    given: [{ address: '5e:00.0', product_id: '1018' }],
    gives:
      'problem x:1 wrong-address: no *:1018 is at address "5e:00.0"; what is there is 8086:1572',
  },
  {
    name: 'a card without a serial number',
    given: [{ product_id: '1018', remote_managed: 'true' }],
    gives:
      'problem x:1 no-card-serial: 2 functions would match, but none reports the serial number of its card, which remote_managed needs',
  },
  {
    name: 'an entry after a wider one',
    given: [{ vendor_id: '15b3' }, { product_id: '1018' }],
    gives: 'problem x:2 shadowed: the 2 functions it admits are all taken by entry 0 before it',
  },
  {
    name: 'an entry after two that cover it together',
    given: [{ address: '0000:3b:00.1' }, { address: '0000:3b:00.2' }, { product_id: '1018' }],
    gives:
      'problem x:3 shadowed: the 2 functions it admits are all taken by entries 0, 1 before it',
  },
  {
    name: 'a deprecated key',
    given: [{ device_id: '15b3' }],
    gives:
      'warning x:1 old-name: device_id "15b3" is read as vendor_id, its old name; write vendor_id',
  },
  {
    name: 'an entry that restricts nothing',
    given: [{ devname: '', address: '*:*:*.*', physical_network: 'physnet1' }],
    gives:
      'warning x:1 admits-everything: states no vendor_id, product_id, address or devname, so it admits every function of the host',
  },
  {
    name: 'a misspelt key',
    given: [{ devname: 'ens1', physnet: 'a', trusted: 'true' }],
    gives:
      'warning x:1 odd-tag: "physnet" is kept as a tag and restricts nothing; did you mean physical_network?',
  },
  ...[
    { tag: 'adress', likely: 'address' },
    { tag: 'physical_netwrok', likely: 'physical_network' },
    { tag: 'Trusted', likely: 'trusted' },
    { tag: 'remote_manged', likely: 'remote_managed' },
    { tag: 'livemigratable', likely: 'live_migratable' },
    { tag: 'rack', likely: undefined },
  ].map(({ tag, likely }) => ({
    name: `the tag ${tag}, which is near ${likely ?? 'no key'}`,
    given: [{ devname: 'ens1', [tag]: 'true' }],
    gives:
      likely === undefined
        ? undefined
        : `warning x:1 odd-tag: "${tag}" is kept as a tag and restricts nothing; did you mean ${likely}?`,
  })),
];

test.each(rows)('the audit reports $name', ({ given, gives }) => {
  expect(findings(...given)).toEqual(gives === undefined ? [] : [gives]);
});

test('a list whose every entry matches something has no findings', () => {
  expect(findings({ address: '0000:3b:00.1' }, { devname: 'ens1' }, { vendor_id: '1af4' })).toEqual(
    [],
  );
});

test('where not all functions are known, an entry without matches may still have some', () => {
  const specs = parseDeviceSpecs([{ object: { devname: 'ens9' }, source: 'x:1' }], functions);
  const [finding] = auditDeviceSpecs(specs, functions, { partialViewOf: 'the controller' });
  expect(finding).toMatchObject({
    level: 'warning',
    code: 'not-known',
    message: 'admits none of the 5 functions that the controller knows; the host may have others',
  });
});

test('a finding on one line has place, number and message', () => {
  const specs = parseDeviceSpecs([{ object: { devname: 'ens9' }, source: 'x:7' }], functions);
  expect(auditDeviceSpecs(specs, functions).map(printFinding)).toEqual([
    'x:7: entry 0: the host has no network interface "ens9"; it has ens1, ens2',
  ]);
});

test.each([
  {
    name: 'a NIC without SR-IOV on a physical network',
    given: { address: '0000:00:02.0', physical_network: 'physnet1' },
    gives: ['warning x:1 no-sriov: 0000:00:02.0 has no SR-IOV (type PCI): no port can get it'],
  },
  {
    name: 'the address of a PF without its domain',
    given: { address: '3b:00.0', physical_network: 'physnet1' },
    gives: [
      'warning x:1 pf-without-domain: 3b:00.0 is a PF; without its domain its 2 VFs are not admitted: write 0000:3b:00.0',
    ],
  },
  {
    name: 'the same with the product of the PF',
    given: { address: '3b:00.0', product_id: '1017' },
    gives: [
      'warning x:1 pf-without-domain: 3b:00.0 is a PF; without its domain its 2 VFs are not admitted: write 0000:3b:00.0, without product_id (theirs is 1018)',
    ],
  },
  {
    name: 'the same as regular expressions',
    given: { address: { bus: '3b', slot: '00', function: '0' } },
    gives: [
      'warning x:1 pf-without-domain: 3b:00.0 is a PF; without its domain its 2 VFs are not admitted: write 0000:3b:00.0',
    ],
  },
  {
    name: 'regular expressions with the domain',
    given: { address: { domain: '0000', bus: '3b', slot: '00', function: '0' } },
    gives: [],
  },
  {
    name: 'regular expressions for some functions',
    given: { address: { bus: '3b', function: '[01]' } },
    gives: [],
  },
  {
    name: 'the whole address',
    given: { address: '0000:3b:00.0', physical_network: 'physnet1' },
    gives: [],
  },
  {
    name: 'managed "no" for ports',
    given: { devname: 'ens1', physical_network: 'physnet1', managed: 'no' },
    gives: [expect.stringContaining('warning x:1 managed-port: managed "no" is for devices of')],
  },
])('$name', ({ given, gives }) => {
  expect(findings(given)).toEqual(gives);
});

test('VFs that another entry matches are not reported', () => {
  expect(findings({ address: '3b:00.0' }, { product_id: '1018' })).toEqual([]);
});

test('VFs of a PF without an interface cannot serve ports', () => {
  const bare = aCard({ vfs: 2 });
  const audit = (object: object) =>
    auditDeviceSpecs(parseDeviceSpecs([{ object, source: 'x' }], bare), bare);
  expect(audit({ product_id: '1018', physical_network: 'physnet1' })).toMatchObject([
    {
      code: 'pf-without-interface',
      message: expect.stringContaining('the 2 VFs of PF 0000:3b:00.0'),
    },
  ]);
  expect(audit({ product_id: '1018' })).toEqual([]);
});

test('InfiniBand VFs need no interface of their PF', () => {
  const bare = aCard({ vfs: 2 }).map((fn) => ({ ...fn, isInfiniBand: true as const }));
  const object = { product_id: '1018', physical_network: 'ib1' };
  expect(auditDeviceSpecs(parseDeviceSpecs([{ object, source: 'x' }], bare), bare)).toEqual([]);
});

test.each([
  [2, /^10000:3b:00.0, 10000:3b:00.1, 10000:3b:00.2: .*: only macvtap ports can get VFs of it$/],
  [0, /^10000:3b:00.0: a PCI domain above ffff, which QEMU does not take: no guest can get it$/],
])('a warning names a PF with %i VFs behind a VMD', (vfs, expected) => {
  const wide = aCard({ vfs }).map((fn) => ({
    ...fn,
    ifname: 'ens1',
    address: parsePciAddress(fn.address.replace(/^0000/, '10000')),
    parentAddress: fn.parentAddress && parsePciAddress(fn.parentAddress.replace(/^0000/, '10000')),
  }));
  const specs = parseDeviceSpecs([{ object: { vendor_id: '15b3' }, source: 'x' }], wide);
  const [finding] = auditDeviceSpecs(specs, wide).filter(({ code }) => code === 'wide-domain');
  expect(finding?.message).toMatch(expected);
});

test('VFs of a card that continue in the next slot are reported where the address excludes them', () => {
  const many = aCard({ vfs: 16 });
  const findings = (object: object) =>
    auditDeviceSpecs(parseDeviceSpecs([{ object, source: 'x' }], many), many)
      .filter(({ code }) => code === 'vfs-in-further-slots')
      .map(({ message }) => message);
  expect(findings({ address: '0000:3b:00.*' })).toEqual([
    '0000:3b:00.* admits 7 of the 16 VFs of PF 0000:3b:00.0; the others, from 0000:3b:01.0 on, are in further slots: write 0000:3b:00.0',
  ]);
  for (const address of ['0000:3b:00.0', '0000:3b:*.*', { bus: '3b', slot: '00' }]) {
    expect(findings({ address })).toEqual([]);
  }
});
