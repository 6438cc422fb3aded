/** What is read and written for many hosts at once. */
import { expect, test } from 'vitest';
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import { aBoot, aHost, aPf, aVf, facts, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';

const aNewHost = (name: string) => ({
  name,
  availabilityZone: 'nova',
  hostIp: '192.0.2.1',
  facts,
});

export function storeManyHostsContract(fresh: () => Promise<OpenStore>): void {
  test('hosts are registered together in the order given, and those that exist keep their rows', async () => {
    const store = await (await fresh())();
    const known = await store.hosts.register(aNewHost('b'));
    const hosts = await store.hosts.registerAll(['c', 'b', 'a'].map(aNewHost));
    expect(hosts.map(({ name, number }) => `${name} ${number}`)).toEqual(['c 2', 'b 1', 'a 3']);
    expect(hosts[1]).toEqual(known);
    expect(await store.hosts.list()).toEqual([hosts[2], hosts[1], hosts[0]]);
    expect(await store.hosts.registerAll(['a', 'b'].map(aNewHost))).toEqual([hosts[2], hosts[1]]);
    expect(await store.hosts.registerAll([])).toEqual([]);
  });

  test('of changes of several hosts each is written, or refused where its host has changed', async () => {
    const store = await (await fresh())();
    const [one, two, three] = await store.hosts.registerAll(['1', '2', '3'].map(aNewHost));
    await store.hosts.update({ hostId: two!.id, generation: 1, vcpusUsed: 7 });
    const devices = [aPf(), aVf('0000:81:00.1')];
    const written = await store.hosts.updateAll([
      { hostId: one!.id, generation: 1, devices, physicalNetworks: ['physnet1'], lastSeenAt: 5 },
      { hostId: two!.id, generation: 1, devices, physicalNetworks: ['physnet2'], lastSeenAt: 6 },
      { hostId: three!.id, generation: 1, problems: [], vcpusUsed: 3 },
    ]);
    expect(written).toEqual(new Set([one!.id, three!.id]));
    expect(await store.hosts.list()).toEqual([
      { ...one, generation: 2, physicalNetworks: ['physnet1'], lastSeenAt: 5 },
      { ...two, generation: 2, vcpusUsed: 7 },
      { ...three, generation: 2, vcpusUsed: 3 },
    ]);
    const ids = [one, two, three].map((host) => host!.id);
    expect(await store.hosts.devicesOf(ids)).toEqual(new Map([[one!.id, devices]]));
    const removedDevices = [aPf().address];
    await store.hosts.updateAll([{ hostId: one!.id, generation: 2, removedDevices }]);
    expect(await store.hosts.devices(one!.id)).toEqual([aVf('0000:81:00.1')]);
    expect(await store.hosts.updateAll([])).toEqual(new Set());
    expect(await store.hosts.devicesOf([])).toEqual(new Map());
  });

  test('a thousand hosts are registered, changed and read in a few calls', async () => {
    const store = await (await fresh())();
    const names = Array.from({ length: 1_000 }, (_, at) => `host-${at}`);
    const hosts = await store.hosts.registerAll(names.map(aNewHost));
    const changes = hosts.map(({ id }) => ({ hostId: id, generation: 1, devices: [aPf()] }));
    expect((await store.hosts.updateAll(changes)).size).toBe(1_000);
    const devices = await store.hosts.devicesOf(hosts.map(({ id }) => id));
    expect([...devices.values()].flat()).toHaveLength(1_000);
    await store.hosts.stillSeen(new Map(hosts.map(({ id }) => [id, 9])));
    expect((await store.hosts.list()).every(({ lastSeenAt }) => lastSeenAt === 9)).toBe(true);
  });

  test('the last contact of several hosts is written, except where it was set to 0', async () => {
    const store = await (await fresh())();
    const [one, two, three] = await store.hosts.registerAll(['1', '2', '3'].map(aNewHost));
    const seenAt = async () => (await store.hosts.list()).map(({ lastSeenAt }) => lastSeenAt);
    const first = one!.lastSeenAt;
    await store.hosts.seen(two!.id, 0);
    await store.hosts.stillSeen(
      new Map([
        [two!.id, 7],
        [three!.id, 8],
      ]),
    );
    expect(await seenAt()).toEqual([first, 0, 8]);
    await store.hosts.unseenAllBut(['3', 'unknown']);
    expect(await seenAt()).toEqual([0, 0, 8]);
    await store.hosts.unseenAllBut([]);
    expect(await seenAt()).toEqual([0, 0, 0]);
    expect((await store.hosts.get(three!.id))?.generation).toBe(1);
  });

  test('commands without a result and servers that are not deleted are read for several hosts', async () => {
    const store = await (await fresh())();
    const one = await aHost(store, [], '1');
    const two = await aHost(store, [], '2');
    const idle = await aHost(store, [], '3');
    const body: HostCommandBody = { do: 'destroy', guestId: 'g' };
    const give = async (hostId: string) => {
      const task = await aBoot(store, { hostId });
      const { serverId } = task;
      await store.commit(toStep(task, 'guest-started', { command: { hostId, serverId, body } }));
      return serverId;
    };
    const servers = [await give(one), await give(one), await give(two)];
    await store.commands.complete(one, 1, { ok: true, steps: [] }, { now: 5 });
    expect(await store.commands.pendingOf([one, two, idle])).toEqual(
      new Map([
        [one, [{ seq: 2, serverId: servers[1], body }]],
        [two, [{ seq: 1, serverId: servers[2], body }]],
      ]),
    );
    expect(await store.commands.newestPending()).toEqual(
      new Map([
        [one, 2],
        [two, 1],
      ]),
    );
    await store.servers.update(servers[0]!, { deletedAt: 5 });
    expect(await store.servers.onHosts([one, two, idle])).toEqual(
      new Map([
        [one, [servers[1]]],
        [two, [servers[2]]],
      ]),
    );
  });

  test('the devices that a server holds are those of all hosts', async () => {
    const store = await (await fresh())();
    const { serverId } = await aBoot(store);
    const held = { serverId, requestId: 'r', status: 'allocated' } as const;
    const vf = (at: number) => aVf(`0000:81:00.${at}`, at === 3 ? {} : held);
    const one = await aHost(store, [vf(3), vf(2), vf(1)], 'host-1');
    const two = await aHost(store, [vf(1)], 'host-2');
    await aHost(store, [vf(3)], 'host-3');
    expect(await store.hosts.heldBy(serverId)).toEqual(
      new Map([
        [one, [vf(1), vf(2)]],
        [two, [vf(1)]],
      ]),
    );
    expect(await store.hosts.heldBy('none')).toEqual(new Map());
  });
}
