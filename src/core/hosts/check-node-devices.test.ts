import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { expect, test } from 'vitest';
import { checkNodeDevices, nodeDeviceProblems } from './check-node-devices.ts';

const functions = describedFunctions([{ kind: 'PF', bus: '3b', vfs: 3 }]);
const addresses = functions.map(({ address }) => address);
const listed = (known: typeof addresses) => ({ state: 'listed', known: new Set(known) }) as const;

test.each([
  {
    name: 'all are known',
    facts: listed(addresses),
    level: 'ok',
    found: 'libvirt knows all 4 offered devices',
  },
  {
    name: 'one is unknown',
    facts: listed(addresses.slice(1)),
    level: 'fail',
    found: 'libvirt does not know 0000:3b:00.0: it is offered to no guest',
  },
  {
    name: 'several are unknown',
    facts: listed(addresses.slice(3)),
    level: 'fail',
    found: 'libvirt does not know 0000:3b:00.0 and 2 more: they are offered to no guest',
  },
  {
    name: 'none can be listed',
    facts: { state: 'unlisted', why: 'no such driver' } as const,
    level: 'warn',
    found: 'libvirt cannot list them, so devices are known from sysfs alone: no such driver',
  },
])('$name: $level', ({ facts, level, found }) => {
  expect(checkNodeDevices(facts, functions)).toMatchObject([{ level, found, blocks: 'none' }]);
  const problems =
    level === 'ok' ? [] : [{ code: 'node-devices', message: `Node devices: ${found}` }];
  expect(nodeDeviceProblems(facts, functions)).toMatchObject(problems);
});

test('without offered devices there is nothing to check', () => {
  expect(checkNodeDevices(listed([]), [])).toEqual([]);
  expect(checkNodeDevices({ state: 'unlisted', why: 'no such driver' }, [])).toEqual([]);
});
