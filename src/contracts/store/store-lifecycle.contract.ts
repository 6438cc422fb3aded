/**
 * Suite for the later life of servers: NICs and requests are added and removed, by only one
 * workflow at a time.
 */
import { expect, test } from 'vitest';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { aBoot, aHost, aNewServer, aNic, aVf, toStep } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';

const request: PciRequest = {
  requestId: 'r1',
  count: 1,
  spec: [{ physical_network: 'physnet1' }],
  needsInterface: false,
  aliasName: null,
  numaPolicy: 'required',
  requesterId: 'port-1',
};

export function storeLifecycleContract(fresh: () => Promise<OpenStore>): void {
  test('a NIC and its request are added by one commit and removed by another; its port is free then', async () => {
    const store = await (await fresh())();
    const first = aNic();
    const task = await aBoot(store, { nics: [first] });
    const nic = aNic({ position: 1, pciRequestId: 'r1' });
    await store.commit(toStep(task, 'bind-ports', { nics: [nic], newPciRequests: [request] }));
    expect((await store.servers.get(task.serverId))?.nics).toEqual([first, nic]);
    expect(await store.servers.pciRequests(task.serverId)).toEqual([request]);
    await store.commit(
      toStep(task, 'release', { removedNics: [nic.id], removedPciRequests: ['r1', 'unknown'] }),
    );
    expect((await store.servers.get(task.serverId))?.nics).toEqual([first]);
    expect(await store.servers.pciRequests(task.serverId)).toEqual([]);
    await store.servers.create(aNewServer({ nics: [aNic({ portId: nic.portId })] }));
  });

  test('NICs and requests of another server are not removed', async () => {
    const store = await (await fresh())();
    const nic = aNic();
    const other = aNewServer({ nics: [nic] });
    await store.servers.create({ ...other, pciRequests: [request] });
    const task = await aBoot(store);
    await store.commit(
      toStep(task, 'release', { removedNics: [nic.id], removedPciRequests: ['r1'] }),
    );
    expect((await store.servers.get(other.server.id))?.nics).toEqual([nic]);
    expect(await store.servers.pciRequests(other.server.id)).toEqual([request]);
  });

  test('a server without a host releases its ports, and still shows its NICs', async () => {
    const store = await (await fresh())();
    const nic = aNic();
    const task = await aBoot(store, { nics: [nic] });
    await store.commit({ task, next: null, freesPorts: true, server: { vmState: 'error' } });
    await store.servers.create(aNewServer({ nics: [aNic({ portId: nic.portId })] }));
    expect((await store.servers.get(task.serverId))?.nics).toEqual([nic]);
  });

  test('the standing of a server shows its host and states, and whether a workflow runs', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store, { hostId });
    const standing = () => store.servers.standing(task.serverId);
    const states = { hostId, vmState: 'building', powerState: 0, deletedAt: null };
    expect(await standing()).toEqual({ ...states, isBusy: true });
    const server = { vmState: 'active', powerState: 1 } as const;
    await store.commit({ task, next: null, server });
    expect(await standing()).toEqual({ ...states, ...server, isBusy: false });
    expect(await store.servers.standing('unknown')).toBeUndefined();
  });

  test('an action that needs an idle server is refused while a workflow runs, though two are requested at once', async () => {
    const open = await fresh();
    const [store, second] = [await open(), await open()];
    const boot = await aBoot(store);
    const begin = (by: typeof store) => {
      const actionId = crypto.randomUUID();
      const { serverId, dueAt } = boot;
      const act = { step: 'command-host', data: { act: 'reboot' } } as const;
      return by.tasks.begin(
        { serverId, dueAt, id: crypto.randomUUID(), kind: 'act', ...act, actionId },
        {
          id: actionId,
          serverId: boot.serverId,
          action: 'reboot',
          requestId: 'req-1',
          userId: 'user-1',
          projectId: 'project-1',
          startedAt: 1_000,
        },
        { taskState: 'rebooting' },
        { onlyIdle: true },
      );
    };
    await expect(begin(store)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await store.servers.get(boot.serverId)).toMatchObject({ taskState: 'scheduling' });
    expect(await store.tasks.of(boot.serverId)).toEqual(boot);
    await store.commit({ task: boot, next: null });
    const both = await Promise.allSettled([begin(store), begin(second)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await store.tasks.of(boot.serverId)).toMatchObject({ kind: 'act', epoch: 2 });
  });

  test("an operator's setting of a host, and the holders of its NUMA nodes, are read back", async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const { generation } = (await store.hosts.get(hostId))!;
    const node = { id: 0, socket: 0, cpus: [0, 1], dedicatedCpus: [2, 3], memoryMib: 1024 };
    const claim = { serverId: 's1', node: 0, vcpus: 1, memoryMib: 512, cpus: [2] };
    const set = {
      enabled: false,
      disabledReason: 'new fans',
      forcedDown: true,
      numa: { nodes: [node], claims: [claim] },
    };
    await store.hosts.update({ hostId, generation, ...set });
    expect(await store.hosts.get(hostId)).toMatchObject(set);
  });

  test('a host is deleted with all that it holds of deleted servers; their tasks wait no longer', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aVf('0000:81:00.1')]);
    const next = await aHost(store, [], 'host-2');
    const task = await aBoot(store, { hostId });
    const [device] = await store.hosts.devices(hostId);
    const { generation } = (await store.hosts.get(hostId))!;
    const held = { ...device!, status: 'allocated' as const, serverId: task.serverId };
    const command = {
      hostId,
      serverId: task.serverId,
      body: { do: 'destroy' as const, guestId: task.serverId },
    };
    const host = { hostId, generation, devices: [held] };
    await store.commit(toStep(task, 'host-returned', { host, command }));
    await expect(store.hosts.forget(hostId)).rejects.toMatchObject({
      kind: 'conflict',
      message: `Host host-1 cannot be forgotten: server ${task.serverId} is on it; evacuate or delete it first.`,
    });
    await store.commit(toStep(task, 'host-returned', { server: { deletedAt: 7 } }));
    await store.hosts.forget(hostId);
    expect((await store.hosts.list()).map(({ id, number }) => [id, number])).toEqual([[next, 2]]);
    expect(await store.hosts.devices(hostId)).toEqual([]);
    expect(await store.tasks.of(task.serverId)).toBeUndefined();
    expect(await store.servers.get(task.serverId)).toMatchObject({ hostId: null });
    const late = { hostId, generation: generation + 1, vcpusUsed: 1 };
    expect(await store.hosts.update(late)).toBe('stale-host');
    await store.hosts.forget(hostId);
  });
}
