import { expect, test } from 'vitest';
import { aCard } from '#test/pci-cards.ts';
import { auditDeviceSpecs } from './device-spec-audit.ts';
import { parseDeviceSpecs } from './parse-device-specs.ts';

test('entries that admit nothing are named with the reason, the others are not', () => {
  const functions = aCard({ vfs: 2 });
  const option = [
    { vendor_id: '15b3' },
    { product_id: '1018' },
    { devname: 'enp9s0' },
    { vendor_id: '8086' },
    { device_id: '10de' },
  ];
  const sources = option.map((object, at) => ({ object, source: `host.yaml:${at + 1}` }));
  const findings = auditDeviceSpecs(parseDeviceSpecs(sources, functions), functions);
  expect(findings.map(({ code, source, message }) => `${source} ${code}: ${message}`)).toEqual([
    'host.yaml:2 shadowed: every function it admits is taken by an earlier entry (0)',
    'host.yaml:3 absent-netdev: the host has no network interface "enp9s0"',
    'host.yaml:4 no-match: no PCI function of the host matches it',
    'host.yaml:5 warning: device_id "10de" is read as vendor_id, its old name; write vendor_id',
    'host.yaml:5 no-match: no PCI function of the host matches it',
  ]);
});
