import { aCard } from '#test/hosts/pci-cards.ts';
import { expect, test } from 'vitest';
import { withQuarantine } from './unusable-device.ts';

const forPorts = { physical_network: 'physnet1' };
const bare = aCard({ vfs: 1 });
const named = bare.map((fn) => (fn.deviceType === 'type-PF' ? { ...fn, ifname: 'ens1' } : fn));
const infiniBand = bare.map((fn) => ({ ...fn, isInfiniBand: true as const }));
const unclean = bare.map((fn) => ({ ...fn, quarantine: 'VLAN is 42, was 0' }));
const noInterface = /^its PF 0000:3b:00.0 has no network interface, .*: bind the PF's own driver$/;

test.each([
  { name: 'a VF whose PF has no interface', functions: bare, tags: forPorts, gives: noInterface },
  {
    name: 'the same for a network without a physical one',
    functions: bare,
    tags: { physical_network: null },
    gives: noInterface,
  },
  { name: 'the same for an alias', functions: bare, tags: {}, gives: undefined },
  { name: 'a VF whose PF has one', functions: named, tags: forPorts, gives: undefined },
  { name: 'InfiniBand without IPoIB', functions: infiniBand, tags: forPorts, gives: undefined },
  {
    name: 'one that could not be cleaned',
    functions: unclean,
    tags: forPorts,
    gives: /^VLAN is 42/,
  },
])('$name', ({ functions, tags, gives }) => {
  const vf = functions.find(({ deviceType }) => deviceType === 'type-VF')!;
  const { quarantine } = withQuarantine({ function: vf, tags }, functions).function;
  if (gives === undefined) expect(quarantine).toBeUndefined();
  else expect(quarantine).toMatch(gives);
});

test('the PF itself may be passed through', () => {
  const pf = bare.find(({ deviceType }) => deviceType === 'type-PF')!;
  expect(withQuarantine({ function: pf, tags: forPorts }, bare).function).toBe(pf);
});
