import type { PciAddress } from '#core/pci/devices/address.ts';
import { aCheckedHost } from '#test/hosts/host-facts.ts';
import { expect, test } from 'vitest';
import { checkHost } from './check-host.ts';

const all = { vendor_id: '15b3' };
const vfs = { product_id: '1018' };
const bond = 'its interface enp59s0f0v0 is a port of bond bond0: ip link set enp59s0f0v0 nomaster';
const address = 'its interface enp59s0f0 has the address 192.0.2.1/24 of this host: ip addr del';

function row(entries: object[], uses?: Record<string, string[]>) {
  const host = aCheckedHost({}, { entries });
  const known = uses && { uses: new Map(Object.entries(uses) as [PciAddress, string[]][]) };
  return checkHost({ ...host, ...known }).find(({ code }) => code === 'device-used-by-host');
}

test.each([
  {
    name: 'no process uses one',
    entries: [vfs],
    uses: {},
    level: 'ok',
    found: /^none of 4 offered/,
  },
  {
    name: 'a VF is a port of the host’s bond',
    entries: [vfs],
    uses: { '0000:3b:00.1': [bond] },
    level: 'warn',
    found: /^0000:3b:00.1: its interface enp59s0f0v0 is a port of bond bond0: .* nomaster$/,
  },
  {
    name: 'several are used, one of them a PF',
    entries: [all],
    uses: {
      '0000:3b:00.0': [`its VF 0000:3b:00.1: ${bond}`],
      '0000:3b:00.1': [bond],
      '0000:5e:00.2': [bond],
    },
    level: 'warn',
    found: /^0000:3b:00.1: .* \(and 1 more\)$/,
  },
  {
    name: 'the host’s own traffic uses the PF of the offered VFs',
    entries: [all],
    uses: { '0000:3b:00.0': [address] },
    level: 'ok',
    found: /^only PFs of offered VFs \(enp59s0f0\), which no server can claim$/,
  },
  {
    name: 'a PF that is offered without its VFs',
    entries: [{ product_id: '1017' }],
    uses: { '0000:3b:00.0': [address] },
    level: 'warn',
    found: /^0000:3b:00.0: its interface enp59s0f0 has the address/,
  },
])('$name', ({ entries, uses, level, found }) => {
  expect(row(entries, uses)).toMatchObject({ level, found: expect.stringMatching(found) });
});

test('without an inspection, or without offered devices, there is no row', () => {
  expect(row([vfs])).toBeUndefined();
  expect(row([{ product_id: 'ffff' }], {})).toBeUndefined();
});
