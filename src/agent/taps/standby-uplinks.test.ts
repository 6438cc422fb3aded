import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { aFailoverNic, aGuest, aHostdevNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { silentLog } from '#test/silent-log.ts';
import { expect, test } from 'vitest';
import { StandbyUplinks } from './standby-uplinks.ts';

const guest = aGuest({ nics: [aFailoverNic(vf0), aHostdevNic(vf1)] });
const { macAddress } = aFailoverNic(vf0);

function aHost(reaches: (physicalNetwork: string) => boolean = () => true) {
  const bridges = new SimulatedBridges({ host: 'host-1', reaches });
  const memory = new SimulatedMemory();
  const begin = () => new StandbyUplinks({ bridges, memory, log: silentLog });
  return { bridges, memory, begin, uplinks: begin() };
}

test('the uplink of a standby is open from the moment in which the guest needs it to the end', async () => {
  const { bridges, uplinks, memory } = aHost();
  let late = (): void => undefined;
  await uplinks.during(guest, async (onStandby) => {
    late = onStandby;
    expect(bridges.uplinks).toEqual([]);
    onStandby();
    onStandby();
    await expect.poll(() => bridges.uplinks).toEqual([macAddress]);
    await uplinks.cleanUp();
    expect(bridges.uplinks).toEqual([macAddress]);
  });
  expect(bridges.uplinks).toEqual([]);
  late();
  await uplinks.cleanUp();
  expect([bridges.uplinks, await memory.keys('uplinks')]).toEqual([[], []]);
});

test('it is closed also where the guest stays, which has its VF again', async () => {
  const { bridges, uplinks } = aHost();
  const sent = uplinks.during(guest, async (onStandby) => {
    onStandby();
    throw new Error('aborted');
  });
  await expect(sent).rejects.toThrow('aborted');
  expect(bridges.uplinks).toEqual([]);
});

test('what an agent that was killed has left open is closed by the next one', async () => {
  const { bridges, memory, begin, uplinks } = aHost();
  void uplinks.during(guest, (onStandby) => {
    onStandby();
    return new Promise(() => undefined);
  });
  await expect.poll(() => bridges.uplinks).toEqual([macAddress]);
  await begin().cleanUp();
  expect([bridges.uplinks, await memory.keys('uplinks')]).toEqual([[], []]);
});

test('a host that cannot open it sends the guest all the same', async () => {
  const { bridges, uplinks } = aHost(() => false);
  let isSent = false;
  await uplinks.during(guest, async (onStandby) => {
    onStandby();
    isSent = true;
  });
  expect([isSent, bridges.uplinks]).toEqual([true, []]);
});

test('a guest without standbys touches nothing', async () => {
  const { bridges, uplinks, memory } = aHost();
  await uplinks.during(aGuest({ nics: [aHostdevNic(vf0)] }), async (onStandby) => onStandby());
  expect([bridges.uplinks, await memory.keys('uplinks')]).toEqual([[], []]);
});

test('a MAC that the interface passed up before stays open', async () => {
  const { bridges, uplinks, memory } = aHost();
  await bridges.openUplink({ physicalNetwork: 'physnet1', macAddress });
  await uplinks.during(guest, async (onStandby) => onStandby());
  await uplinks.cleanUp();
  expect([bridges.uplinks, await memory.keys('uplinks')]).toEqual([[macAddress], []]);
});

test('of two guests with one MAC the last that ends closes it', async () => {
  const { bridges, uplinks, memory } = aHost();
  const other = aGuest({ id: 'c2b5a0de-7f0c-4d83-a1c7-0d5c6f1b9e22', nics: guest.nics });
  await uplinks.during(guest, async (onStandby) => {
    onStandby();
    await expect.poll(() => bridges.uplinks).toEqual([macAddress]);
    await uplinks.during(other, async (onOthers) => {
      onOthers();
      await expect.poll(() => memory.keys('uplinks')).toHaveLength(2);
    });
    expect(bridges.uplinks).toEqual([macAddress]);
  });
  expect([bridges.uplinks, await memory.keys('uplinks')]).toEqual([[], []]);
});
