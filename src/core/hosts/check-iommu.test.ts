import type { PciFunction } from '#core/pci/devices/device.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { aCheckedHost, someDetails } from '#test/hosts/host-facts.ts';
import { expect, test } from 'vitest';
import { checkHost } from './check-host.ts';

const pf = '0000:3b:00.0';
const vf = '0000:3b:00.1';

test.each([
  { what: 'a host bridge', of: pf, change: { iommuGroup: 1, classCode: '060000', driver: null } },
  { what: 'a function on vfio-pci', of: pf, change: { iommuGroup: 1, driver: 'vfio-pci' } },
  { what: 'a function without a driver', of: pf, change: { iommuGroup: 1, driver: null } },
])('IOMMU group: $what does no harm', ({ of, change }) => {
  const functions = someDetails(({ address }) => (address === of ? change : {}));
  const checks = checkHost(aCheckedHost({ functions }));
  expect(checks.find(({ name }) => name === 'IOMMU groups')).toMatchObject({
    level: 'ok',
    found: 'each of 4 devices can be given to a guest',
  });
});

test('IOMMU group: offered VFs of one group go to one guest at a time', () => {
  const functions = someDetails(({ address }) => (address === vf ? { iommuGroup: 2 } : {}));
  const checks = checkHost(aCheckedHost({ functions }));
  expect(checks.find(({ name }) => name === 'IOMMU groups')).toMatchObject({
    level: 'warn',
    found:
      '0000:3b:00.1 and 1 more offered devices share group 2: one guest at a time can have devices of it',
    fix: expect.stringContaining('enable ACS'),
  });
});

test('IOMMU group: a PF that is offered too blocks its VF, as no guest gets both', () => {
  const ofCard = ({ address }: { address: string }) => address.startsWith('0000:3b');
  const functions = someDetails((fn) => (ofCard(fn) ? { iommuGroup: 30 } : {}));
  const host = aCheckedHost({ functions });
  const object = { address: pf, physical_network: 'physnet1' };
  const deviceSpecs = parseDeviceSpecs([{ object, source: 'test' }], host.functions);
  const checks = checkHost({ ...host, deviceSpecs });
  expect(checks.find(({ name }) => name === 'IOMMU groups')?.found).toContain(
    `${vf} shares group 30 with ${pf}, which this host uses`,
  );
});

test('IOMMU group: functions of one card that are offered together are fine', () => {
  const host = aCheckedHost();
  const card = ['0000:60:00.0', '0000:60:00.1', '0000:60:00.2'].map(
    (address, at) =>
      ({
        ...host.functions[0],
        address,
        deviceType: 'type-PCI',
        vendorId: '10de',
        productId: `10f${at}`,
        ifname: null,
      }) as PciFunction,
  );
  const details = card.map(({ address }) => ({
    address,
    classCode: '040300',
    iommuGroup: 30,
    driver: 'snd_hda_intel',
    vfs: null,
    link: null,
  }));
  const deviceSpecs = parseDeviceSpecs([{ object: { vendor_id: '10de' }, source: 'test' }], card);
  const checks = checkHost({
    ...host,
    facts: { ...host.facts, functions: details },
    functions: card,
    deviceSpecs,
  });
  expect(checks.find(({ name }) => name === 'IOMMU groups')).toMatchObject({ level: 'ok' });
});
