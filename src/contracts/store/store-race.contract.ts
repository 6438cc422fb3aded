/** Suite for two connections of one database that compete for the same resource. */
import { expect, test } from 'vitest';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { aBoot, aHost, aNewServer, aNic, aPf, aVf, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { Host, HostChange, Store, Task } from './store.ts';

const vf = '0000:81:00.1';

/** The claim of one of two boots on the host it read. */
type Take = (host: Host, serverId: string) => Omit<HostChange, 'hostId' | 'generation'>;

const takeVf: Take = (_host, serverId) => ({
  devices: [aVf(vf, { status: 'claimed', serverId }), aPf({ status: 'unclaimable' })],
});
const takePf: Take = (_host, serverId) => ({
  devices: [aPf({ status: 'claimed', serverId }), aVf(vf, { status: 'unclaimable' })],
});
const takeVcpu: Take = (host) => ({ vcpusUsed: host.vcpusUsed + 1 });

export function storeRaceContract(fresh: () => Promise<OpenStore>): void {
  test('concurrent updates based on the current row apply one after the other', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const { id } = await stores[0]!.servers.create(aNewServer({ tags: [] }));
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      names.map((name, at) =>
        stores[at % 2]!.servers.update(id, ({ tags }) => ({ tags: [...tags, name] })),
      ),
    );
    expect((await stores[0]!.servers.get(id))?.tags.toSorted()).toEqual(names);
    await expect(stores[0]!.servers.update('none', () => ({}))).rejects.toMatchObject({
      kind: 'notFound',
    });
  });

  test.each([
    { name: 'one VF', takes: [takeVf, takeVf] },
    { name: 'a PF and its VF', takes: [takePf, takeVf] },
    { name: 'a VF and its PF', takes: [takeVf, takePf] },
    { name: 'the last vcpu', takes: [takeVcpu, takeVcpu] },
  ])('of two connections that claim $name, exactly one gets it', async ({ takes }) => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const hostId = await aHost(stores[0]!, [aPf(), aVf(vf)]);
    const tasks = [await aBoot(stores[0]!), await aBoot(stores[1]!)];
    const read = await Promise.all(stores.map((store) => store.hosts.get(hostId)));
    const results = await Promise.all(
      stores.map((store, index) => {
        const task = tasks[index]!;
        const { generation } = read[index]!;
        const take = takes[index]!(read[index]!, task.serverId);
        return claim(store, task, { hostId, generation, ...take });
      }),
    );
    const winner = results.findIndex((result) => result.ok);
    expect(results[1 - winner]).toEqual({ ok: false, why: 'stale-host' });
    const [won, lost] = [tasks[winner]!, tasks[1 - winner]!];
    for (const store of stores) {
      expect(await store.hosts.get(hostId)).toMatchObject({
        generation: read[winner]!.generation + 1,
        ...(takes[0] === takeVcpu && { vcpusUsed: read[winner]!.vcpusUsed + 1 }),
      });
      const holders = (await store.hosts.devices(hostId)).map((device) => device.serverId);
      expect(holders.filter((id) => id !== null)).toEqual(
        takes[winner] === takeVcpu ? [] : [won.serverId],
      );
      expect(await store.servers.get(won.serverId)).toMatchObject({ taskState: 'networking' });
      await expectUntouched(store, lost);
    }
  });

  test('many boots over two connections share all VFs, and no VF is claimed twice', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const addresses = Array.from({ length: 7 }, (_, index) => `0000:81:00.${index + 1}`);
    const hostId = await aHost(
      stores[0]!,
      addresses.map((address) => aVf(address)),
    );
    const tasks = await Promise.all(
      Array.from({ length: 12 }, (_, index) => aBoot(stores[index % 2]!)),
    );
    const taken = await Promise.all(
      tasks.map((task, index) => claimAnyVf(stores[index % 2]!, hostId, task)),
    );
    const got = taken.filter((address) => address !== undefined);
    expect(got.toSorted()).toEqual(addresses);
    const devices = await stores[1]!.hosts.devices(hostId);
    expect(devices.map((device) => device.serverId)).toEqual(
      addresses.map((address) => tasks[taken.indexOf(address)]!.serverId),
    );
    expect((await stores[0]!.hosts.get(hostId))?.generation).toBe(2 + addresses.length);
  });

  test('whatever the code does, a held device goes to no other server before its release', async () => {
    const store = await (await fresh())();
    const [first, second] = [await aBoot(store), await aBoot(store)];
    const held = aVf(vf, { status: 'claimed', serverId: first.serverId });
    const hostId = await aHost(store, [held]);
    const stolen = { ...held, serverId: second.serverId };
    await expect(
      claim(store, second, { hostId, generation: 2, devices: [stolen] }),
    ).rejects.toThrow('held by another server');
    await expectUntouched(store, second);
    expect(await store.hosts.devices(hostId)).toEqual([held]);
    await claim(store, first, { hostId, generation: 2, devices: [aVf(vf)] });
    await claim(store, second, { hostId, generation: 3, devices: [stolen] });
    expect(await store.hosts.devices(hostId)).toEqual([stolen]);
  });

  test('whatever the code does, the row of a held device is not deleted', async () => {
    const store = await (await fresh())();
    const { serverId } = await aBoot(store);
    const hostId = await aHost(store, [aVf(vf, { status: 'missing', serverId })]);
    const change = { hostId, generation: 2, removedDevices: [vf] };
    await expect(store.hosts.update(change)).rejects.toThrow('held by a server');
    expect(await store.hosts.get(hostId)).toMatchObject({ generation: 2 });
    expect(await store.hosts.devices(hostId)).toHaveLength(1);
  });

  test('two connections that request one port: exactly one server is created', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const nic = aNic();
    const wanted = stores.map(() => aNewServer({ nics: [aNic({ portId: nic.portId })] }));
    const results = await Promise.allSettled(
      stores.map((store, index) => store.servers.create(wanted[index]!)),
    );
    expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await stores[0]!.servers.list({})).toHaveLength(1);
  });
}

/**
 * A complete scheduling step, so that a test can check that nothing of it remains when it is
 * refused.
 */
function claim(store: Store, task: Task, host: HostChange) {
  return store.commit(
    toStep(task, 'bind-ports', {
      host,
      server: { taskState: 'networking', hostId: host.hostId },
      command: {
        hostId: host.hostId,
        serverId: task.serverId,
        body: { do: 'destroy', guestId: task.serverId },
      },
      decision: {
        serverId: task.serverId,
        attempt: 1,
        decidedAt: 1,
        chosen: 'host-1',
        candidates: [],
        rejections: [],
        devices: [],
      },
      events: [
        { name: 'x', startedAt: 1, finishedAt: 2, result: 'Success', details: null, host: null },
      ],
    }),
  );
}

async function expectUntouched(store: Store, task: Task): Promise<void> {
  expect(await store.servers.get(task.serverId)).toMatchObject({
    taskState: 'scheduling',
    hostId: null,
  });
  expect(await store.tasks.of(task.serverId)).toEqual(task);
  expect(await store.commands.last(task.serverId, 'destroy')).toBeUndefined();
  expect(await store.servers.decisions(task.serverId)).toEqual([]);
  expect((await store.servers.actions(task.serverId))[0]?.events).toEqual([]);
}

/**
 * Takes the first free VF, reading again when another was faster. The address, or undefined when
 * none is free.
 */
async function claimAnyVf(store: Store, hostId: string, task: Task): Promise<string | undefined> {
  for (;;) {
    const host = (await store.hosts.get(hostId))!;
    const free = (await store.hosts.devices(hostId)).find(isFree);
    if (free === undefined) return undefined;
    const devices = [{ ...free, status: 'claimed' as const, serverId: task.serverId }];
    const result = await claim(store, task, { hostId, generation: host.generation, devices });
    if (result.ok) return free.address;
  }
}

function isFree(device: PciDevice): boolean {
  return device.status === 'available';
}
