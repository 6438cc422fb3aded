import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { aGuest, aTapNic } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { executeCommand } from '../commands/execute-command.ts';
import { TapRefs } from './tap-refs.ts';

const ovs = { bridge: 'br-int', interfaceId: 'p1' };
const tap = {
  ...{ devName: 'tap-a', macAddress: 'fa:16:3e:00:00:01', mtu: null },
  ...{ isMultiQueue: false, ovs },
};

function aHost(options = {}) {
  const taps = new SimulatedTaps(options);
  const memory = new SimulatedMemory();
  return { taps, memory, care: new TapRefs({ taps, memory }) };
}

test('a tap is removed with its NIC, and remaining taps with their guest', async () => {
  const { taps, care, memory } = aHost();
  await care.make(tap, { guestId: 'g1', portId: 'p1' });
  await care.make(tap, { guestId: 'g1', portId: 'p1' });
  await care.make({ ...tap, devName: 'tap-b' }, { guestId: 'g1', portId: 'p2' });
  await care.make({ ...tap, devName: 'tap-c' }, { guestId: 'g2', portId: 'p3' });
  await care.remove('g1', 'p1');
  expect(taps.names).toEqual(['tap-b', 'tap-c']);
  await care.remove('g1');
  expect(taps.names).toEqual(['tap-c']);
  expect(await memory.keys('taps')).toEqual(['taps/tap-c']);
});

test('after a crash the taps of removed guests are removed', async () => {
  const { taps, care, memory } = aHost();
  await care.make(tap, { guestId: 'g1', portId: 'p1' });
  await care.make({ ...tap, devName: 'tap-b' }, { guestId: 'g2', portId: 'p2' });
  await new TapRefs({ taps, memory }).cleanUp(async () => [{ id: 'g2' }]);
  expect(taps.names).toEqual(['tap-b']);
});

test('a tap is recorded before it is created, so that a crash in between leaves none behind', async () => {
  const { taps, care, memory } = aHost();
  const remembered: string[][] = [];
  const ensure = taps.ensureTap.bind(taps);
  taps.ensureTap = async (made) => {
    remembered.push(await memory.keys('taps'));
    await ensure(made);
  };
  await care.make(tap, { guestId: 'g1', portId: 'p1' });
  expect(remembered).toEqual([['taps/tap-a']]);
});

test('the tap of a guest that starts during a clean-up stays', async () => {
  const { taps, care } = aHost();
  await care.make(tap, { guestId: 'g1', portId: 'p1' });
  await care.cleanUp(async () => {
    await care.make({ ...tap, devName: 'tap-b' }, { guestId: 'g2', portId: 'p2' });
    return [];
  });
  expect(taps.names).toEqual(['tap-b']);
});

test('a tap that could not be created leaves no record once it is removed', async () => {
  const { care, memory } = aHost({ hasBridge: () => false });
  const use = { guestId: 'g1', portId: 'p1' };
  await expect(care.make(tap, use)).rejects.toThrow('Open vSwitch has no bridge br-int');
  await care.remove('g1', 'p1');
  expect(await memory.keys('taps')).toEqual([]);
});

test('a guest has its tap before it starts, keeps it while it is off, and leaves none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'novella-taps-'));
  const { parts, taps, hypervisor } = anIgbHost(folder);
  const nic = { ...aTapNic(), ovs } as ReturnType<typeof aTapNic>;
  const guest = aGuest({ nics: [nic] });
  const start = hypervisor.start.bind(hypervisor);
  const atStart: string[][] = [];
  hypervisor.start = async (guestId) => {
    atStart.push(taps.portsOf('br-int'));
    await start(guestId);
  };
  const carryOut = async (body: Parameters<typeof executeCommand>[1]) =>
    expect(await executeCommand(parts, body)).toMatchObject({ ok: true });
  await carryOut({ do: 'spawn', guest });
  await carryOut({ do: 'stop', guestId: guest.id });
  expect(taps.names).toEqual(['tap6d0f5f54-9a']);
  await carryOut({ do: 'respawn', guest });
  expect(atStart).toEqual([['tap6d0f5f54-9a'], ['tap6d0f5f54-9a']]);
  await carryOut({ do: 'detach', guestId: guest.id, nic });
  expect(taps.names).toEqual([]);
  await carryOut({ do: 'attach', guest, nic });
  expect(taps.portsOf('br-int')).toEqual(['tap6d0f5f54-9a']);
  await carryOut({ do: 'destroy', guestId: guest.id });
  expect(taps.names).toEqual([]);
  rmSync(folder, { recursive: true });
});
