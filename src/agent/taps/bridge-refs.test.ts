import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { expect, test } from 'vitest';
import { BridgeRefs } from './bridge-refs.ts';

const wiring = { physicalNetwork: 'physnet1', vlan: 42 };

function aHost() {
  const bridges = new SimulatedBridges({
    host: 'host-1',
    reaches: (physicalNetwork) => physicalNetwork === 'physnet1',
  });
  const memory = new SimulatedMemory();
  return { bridges, memory, care: new BridgeRefs({ bridges, memory }) };
}

test('a bridge is removed with its last NIC, of whichever guest', async () => {
  const { bridges, care } = aHost();
  await care.make('br-a', { guestId: 'g1', portId: 'p1' }, wiring);
  await care.make('br-a', { guestId: 'g1', portId: 'p1' }, wiring);
  await care.make('br-a', { guestId: 'g1', portId: 'p2' }, wiring);
  await care.make('br-a', { guestId: 'g2', portId: 'p3' }, wiring);
  await care.release('g1', 'p1');
  await care.release('g2');
  expect(bridges.names).toEqual(['br-a']);
  await care.release('g1');
  expect(bridges.names).toEqual([]);
});

test('a guest leaves all its bridges', async () => {
  const { bridges, care, memory } = aHost();
  await care.make('br-a', { guestId: 'g1', portId: 'p1' }, wiring);
  await care.make('br-b', { guestId: 'g1', portId: 'p2' }, wiring);
  await care.make('br-b', { guestId: 'g2', portId: 'p3' }, wiring);
  await care.release('g1');
  expect(bridges.names).toEqual(['br-b']);
  expect(await memory.keys('bridges')).toEqual(['bridges/br-b']);
});

test('a bridge that was not created is released like any other', async () => {
  const { care, memory } = aHost();
  const nowhere = { physicalNetwork: 'physnet3', vlan: null };
  const use = { guestId: 'g1', portId: 'p1' };
  await expect(care.make('br-a', use, nowhere)).rejects.toThrow('physnet3 has no interface');
  await care.release('g1', 'p1');
  expect(await memory.keys('bridges')).toEqual([]);
});

test('after a crash the bridges of removed guests are removed', async () => {
  const { bridges, care, memory } = aHost();
  await care.make('br-a', { guestId: 'g1', portId: 'p1' }, wiring);
  await care.make('br-b', { guestId: 'g2', portId: 'p2' }, wiring);
  await new BridgeRefs({ bridges, memory }).cleanUp(async () => [{ id: 'g2' }]);
  expect(bridges.names).toEqual(['br-b']);
});
