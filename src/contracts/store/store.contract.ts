/**
 * The suite that every store must pass. Suites by subject; those in the other files are about
 * races, work and the later life of servers.
 */
import { describe, expect, test } from 'vitest';
import {
  aBoot,
  aFlavor,
  aHost,
  aNewServer,
  aNic,
  aPf,
  aVf,
  facts,
  toStep,
} from '#test/worlds/store-rows.ts';
import { storeActionsContract } from './store-actions.contract.ts';
import { storeAggregatesContract } from './store-aggregates.contract.ts';
import { storeEnrolmentsContract } from './store-enrolments.contract.ts';
import { storeConsoleTokensContract } from './consoles/store-console-tokens.contract.ts';
import { storeControllersContract } from './controllers/store-controllers.contract.ts';
import { storeDecisionsContract } from './decisions/store-decisions.contract.ts';
import { storeGroupsContract } from './store-groups.contract.ts';
import { storeDeviceHistoryContract } from './store-device-history.contract.ts';
import { storeHostChangesContract } from './store-host-changes.contract.ts';
import { storeJointContract } from './store-joint.contract.ts';
import { storeListsContract } from './store-lists.contract.ts';
import { storeLifecycleContract } from './store-lifecycle.contract.ts';
import { storeManyHostsContract } from './store-many-hosts.contract.ts';
import { storeMovesContract } from './store-moves.contract.ts';
import { storeNetworkEventsContract } from './store-network-events.contract.ts';
import { storePruneContract } from './store-prune.contract.ts';
import { storeQuotasContract } from './store-quotas.contract.ts';
import { storeRaceContract } from './store-race.contract.ts';
import { storeWorkContract } from './store-work.contract.ts';
import { storeProjectsContract } from './projects/store-projects.contract.ts';
import type { Store } from './store.ts';

/** Opens the same database again, over another connection. */
export type OpenStore = () => Promise<Store>;

/**
 * `fresh` creates an empty database and returns the function to open it; it also closes what was
 * opened when a test ends.
 */
export function storeContract(fresh: () => Promise<OpenStore>): void {
  describe('servers', () => {
    serversContract(fresh);
  });
  describe('lists', () => {
    storeListsContract(fresh);
  });
  describe('hosts', () => {
    hostsContract(fresh);
    storeDeviceHistoryContract(fresh);
    storeHostChangesContract(fresh);
    storeEnrolmentsContract(fresh);
  });
  describe('several controllers', () => {
    storeControllersContract(fresh);
  });
  describe('many hosts', () => {
    storeManyHostsContract(fresh);
  });
  describe('lifecycle', () => {
    storeLifecycleContract(fresh);
    storeConsoleTokensContract(fresh);
  });
  describe('server groups', () => {
    storeGroupsContract(fresh);
  });
  describe('aggregates', () => {
    storeAggregatesContract(fresh);
  });
  describe('quotas', () => {
    storeQuotasContract(fresh);
  });
  describe('users and projects', () => {
    storeProjectsContract(fresh);
  });
  describe('actions', () => {
    storeActionsContract(fresh);
  });
  describe('network events', () => {
    storeNetworkEventsContract(fresh);
  });
  describe('pruning', () => {
    storePruneContract(fresh);
  });
  describe('flavors', () => {
    flavorsContract(fresh);
  });
  describe('history', () => {
    storeDecisionsContract(fresh);
  });
  describe('moves', () => {
    storeMovesContract(fresh);
  });
  describe('steps with what they follow', () => {
    storeJointContract(fresh);
  });
  describe('races', () => {
    storeRaceContract(fresh);
  });
  describe('work', () => {
    storeWorkContract(fresh);
  });
}

function serversContract(fresh: () => Promise<OpenStore>): void {
  test('a server is read back as created, over another connection and after a restart', async () => {
    const open = await fresh();
    const store = await open();
    const nics = [aNic({ pciRequestId: 'request-1' }), aNic({ position: 1, portId: null })];
    const newServer = aNewServer({ nics, tags: ['a', 'b'], fault: null });
    const pciRequests = [
      {
        requestId: 'request-1',
        count: 1,
        spec: [{ physical_network: 'physnet1', remote_managed: 'False' }],
        needsInterface: true,
        aliasName: null,
        numaPolicy: 'preferred' as const,
        requesterId: nics[0]!.portId,
      },
    ];
    const made = await store.servers.create({ ...newServer, pciRequests });
    expect(made).toEqual({ ...newServer.server, serial: made.serial });
    expect(await (await open()).servers.get(made.id)).toEqual(made);
    await store.close();
    const later = await open();
    expect(await later.servers.get(made.id)).toEqual(made);
    expect(await later.servers.pciRequests(made.id)).toEqual(pciRequests);
    expect(await later.tasks.of(made.id)).toEqual({ ...newServer.task, epoch: 1 });
  });

  test('an unknown server is undefined, and cannot be updated', async () => {
    const store = await (await fresh())();
    expect(await store.servers.get('none')).toBeUndefined();
    await expect(store.servers.update('none', { name: 'x' })).rejects.toMatchObject({
      kind: 'notFound',
    });
  });

  test('serials increase', async () => {
    const store = await (await fresh())();
    const first = await store.servers.create(aNewServer());
    const second = await store.servers.create(aNewServer());
    expect(second.serial).toBe(first.serial + 1);
  });

  test('an update sets the fields it names and no other', async () => {
    const store = await (await fresh())();
    const server = await store.servers.create(aNewServer({ nics: [aNic()] }));
    await store.servers.update(server.id, { name: 'db', metadata: {}, locked: true, updatedAt: 5 });
    expect(await store.servers.get(server.id)).toEqual({
      ...server,
      name: 'db',
      metadata: {},
      locked: true,
      updatedAt: 5,
    });
  });

  test('lists are newest first, of a project, of a host, and without deleted servers by default', async () => {
    const store = await (await fresh())();
    const old = await store.servers.create(aNewServer({ createdAt: 1, nics: [aNic()] }));
    const other = await store.servers.create(aNewServer({ createdAt: 2, projectId: 'project-2' }));
    const placed = await store.servers.create(
      aNewServer({ createdAt: 3, hostId: 'host-1', nics: [aNic({ position: 1 }), aNic()] }),
    );
    const gone = await store.servers.create(aNewServer({ createdAt: 4, deletedAt: 5 }));
    const ids = async (filter: Parameters<Store['servers']['list']>[0]) =>
      (await store.servers.list(filter)).map((server) => server.id);
    expect(await ids({})).toEqual([placed.id, other.id, old.id]);
    expect(await ids({ includeDeleted: true })).toEqual([gone.id, placed.id, other.id, old.id]);
    expect(await ids({ projectId: 'project-1' })).toEqual([placed.id, old.id]);
    expect(await ids({ hostId: 'host-1' })).toEqual([placed.id]);
    const [first] = await store.servers.list({ hostId: 'host-1' });
    expect(first?.nics.map((nic) => nic.position)).toEqual([0, 1]);
  });

  test('a port of a live server is refused by name, and nothing of the second server is left', async () => {
    const store = await (await fresh())();
    const nic = aNic();
    await store.servers.create(aNewServer({ nics: [nic] }));
    const second = aNewServer({ nics: [aNic({ portId: nic.portId })] });
    await expect(store.servers.create(second)).rejects.toMatchObject({
      kind: 'conflict',
      message: `Port ${nic.portId} is still in use.`,
    });
    expect(await store.servers.get(second.server.id)).toBeUndefined();
    expect(await store.tasks.of(second.server.id)).toBeUndefined();
  });

  test('a port named twice by one server is refused by name', async () => {
    const store = await (await fresh())();
    const nic = aNic();
    const nics = [nic, aNic({ position: 1, portId: nic.portId })];
    await expect(store.servers.create(aNewServer({ nics }))).rejects.toMatchObject({
      kind: 'conflict',
      message: `Port ${nic.portId} is named twice.`,
    });
  });

  test('a commit that takes a port of another server is refused by name and changes nothing', async () => {
    const store = await (await fresh())();
    const nic = aNic();
    await store.servers.create(aNewServer({ nics: [nic] }));
    const own = aNic({ portId: null });
    const task = await aBoot(store, { nics: [own] });
    const nics = [{ ...own, portId: nic.portId }];
    await expect(store.commit(toStep(task, 'bind-ports', { nics }))).rejects.toMatchObject({
      kind: 'conflict',
      message: `Port ${nic.portId} is still in use.`,
    });
    expect((await store.tasks.of(task.serverId))?.step).toBe('schedule');
  });

  test('the ports of a deleted server are free for another', async () => {
    const store = await (await fresh())();
    const nic = aNic();
    const task = await aBoot(store, { nics: [nic] });
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
    const heir = await store.servers.create(aNewServer({ nics: [aNic({ portId: nic.portId })] }));
    expect((await store.servers.get(heir.id))?.nics[0]?.portId).toBe(nic.portId);
    expect((await store.servers.get(task.serverId))?.nics).toEqual([nic]);
  });
}

function hostsContract(fresh: () => Promise<OpenStore>): void {
  const registration = { name: 'host-1', availabilityZone: 'nova', hostIp: '192.0.2.1', facts };

  test('a host is registered once; a repeat returns the same row', async () => {
    const store = await (await fresh())();
    const host = await store.hosts.register(registration);
    expect(host).toMatchObject({ ...registration, vcpusUsed: 0, pciStats: [], enabled: true });
    expect(host.physicalNetworks).toEqual([]);
    expect(await store.hosts.register(registration)).toEqual(host);
    expect(await store.hosts.list()).toEqual([host]);
    expect(await store.hosts.get('none')).toBeUndefined();
  });

  test('devices, pools and facts are read back as reported', async () => {
    const store = await (await fresh())();
    const { id, generation } = await store.hosts.register(registration);
    const devices = [aPf(), aVf('0000:81:00.1'), aVf('0000:81:00.2', { tags: { a: null } })];
    const pciStats = [
      {
        vendorId: '8086',
        productId: '10ca',
        numaNode: null,
        deviceType: 'type-VF' as const,
        address: '0000:81:00.0',
        parentIfname: 'ens1f0',
        tags: { physical_network: null },
        count: 2,
      },
    ];
    const change = {
      pciStats,
      facts: { ...facts, vcpus: 8 },
      hostIp: '192.0.2.9',
      physicalNetworks: ['physnet1', 'physnet2'],
    };
    expect(
      await store.hosts.update({
        hostId: id,
        generation,
        ...change,
        devices: devices.toReversed(),
        vcpusUsed: 1,
        memoryMibUsed: 2,
        diskGibUsed: 3,
      }),
    ).toBe('ok');
    const host = await store.hosts.get(id);
    expect(host).toMatchObject({
      ...change,
      generation: generation + 1,
      vcpusUsed: 1,
      memoryMibUsed: 2,
      diskGibUsed: 3,
    });
    expect(await store.hosts.devices(id)).toEqual(devices);
  });

  test('the problems of a host are kept until its next report; a new host has none', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    expect((await store.hosts.get(hostId))?.problems).toEqual([]);
    const problems = [{ code: 'iommu-off', message: 'IOMMU: off', blocks: 'passthrough' as const }];
    await store.hosts.update({ hostId, generation: 2, problems });
    await store.hosts.update({ hostId, generation: 3, vcpusUsed: 1 });
    expect((await store.hosts.list())[0]?.problems).toEqual(problems);
    await store.hosts.update({ hostId, generation: 4, problems: [] });
    expect((await store.hosts.get(hostId))?.problems).toEqual([]);
  });

  test('a change based on an old generation is refused as a whole', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aVf('0000:81:00.1')]);
    const before = await store.hosts.get(hostId);
    const late = { hostId, generation: 1, vcpusUsed: 3, removedDevices: ['0000:81:00.1'] };
    expect(await store.hosts.update(late)).toBe('stale-host');
    expect(await store.hosts.get(hostId)).toEqual(before);
    expect(await store.hosts.devices(hostId)).toHaveLength(1);
  });

  test('a function that disappears removes its row; a thousand appear and disappear in one change', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aPf()]);
    const many = Array.from({ length: 1_000 }, (_, index) =>
      aVf(
        `0000:${(index >> 5).toString(16).padStart(2, '0')}:${(index & 31).toString(16).padStart(2, '0')}.1`,
      ),
    );
    await store.hosts.update({ hostId, generation: 2, devices: many });
    expect(await store.hosts.devices(hostId)).toHaveLength(1_001);
    const removedDevices = many.map((device) => device.address);
    await store.hosts.update({ hostId, generation: 3, removedDevices });
    expect(await store.hosts.devices(hostId)).toEqual([aPf()]);
  });

  test('a message from a host changes its last contact and not its generation', async () => {
    const store = await (await fresh())();
    const host = await store.hosts.register(registration);
    await store.hosts.seen(host.id, 77);
    expect(await store.hosts.get(host.id)).toEqual({ ...host, lastSeenAt: 77 });
  });
}

function flavorsContract(fresh: () => Promise<OpenStore>): void {
  test('hundreds of flavors are listed in the order of their creation', async () => {
    const store = await (await fresh())();
    const ids = Array.from({ length: 401 }, (_, at) => `flavor-${at}`);
    for (const id of ids) await store.flavors.create(aFlavor({ id, name: id }));
    expect((await store.flavors.list()).map(({ id }) => id)).toEqual(ids);
  });

  test('a flavor is read back as created, and removed once', async () => {
    const store = await (await fresh())();
    const small = aFlavor();
    const large = aFlavor({ id: 'flavor-2', name: 'm1.large', isPublic: false, description: 'x' });
    await store.flavors.create(small);
    await store.flavors.create(large);
    expect(await store.flavors.get('flavor-2')).toEqual(large);
    expect(await store.flavors.list()).toEqual([small, large]);
    await store.flavors.remove('flavor-1');
    expect(await store.flavors.get('flavor-1')).toBeUndefined();
    await expect(store.flavors.remove('flavor-1')).rejects.toMatchObject({ kind: 'notFound' });
  });

  test.each([
    { name: 'id', change: { name: 'other' } },
    { name: 'name', change: { id: 'other' } },
  ])('a second flavor with the same $name is refused', async ({ change }) => {
    const store = await (await fresh())();
    await store.flavors.create(aFlavor());
    await expect(store.flavors.create(aFlavor(change))).rejects.toMatchObject({
      kind: 'conflict',
    });
  });

  test('two concurrent writers of different extra specs both succeed, and null removes one', async () => {
    const open = await fresh();
    const [first, second] = [await open(), await open()];
    await first.flavors.create(aFlavor({ extraSpecs: { old: '1' } }));
    await Promise.all([
      first.flavors.update('flavor-1', { extraSpecs: { a: '1', old: null } }),
      second.flavors.update('flavor-1', { extraSpecs: { b: '2' }, description: 'both' }),
    ]);
    expect(await first.flavors.get('flavor-1')).toEqual(
      aFlavor({ extraSpecs: { a: '1', b: '2' }, description: 'both' }),
    );
    await expect(first.flavors.update('none', {})).rejects.toMatchObject({ kind: 'notFound' });
  });
}
