/**
 * Suite for lists of servers: the store finds, sorts and pages them itself, and erases the private
 * data of deleted ones.
 */
import { expect, test } from 'vitest';
import { statesShownAs } from '#core/servers/lifecycle.ts';
import type { TaskState, VmState } from '#core/servers/server.ts';
import { aBoot, aHost, aNewServer, aNic, toStep } from '#test/worlds/store-rows.ts';
import type { ServerField, ServerSelection } from './server-selection.ts';
import type { OpenStore } from './store.contract.ts';
import type { Store } from './store.ts';

const everyField = Object.keys({
  id: 0,
  name: 0,
  hostname: 0,
  description: 0,
  projectId: 0,
  userId: 0,
  imageId: 0,
  flavorId: 0,
  kernelId: 0,
  ramdiskId: 0,
  rootDevice: 0,
  keyName: 0,
  hasConfigDrive: 0,
  accessIpv4: 0,
  accessIpv6: 0,
  hasAutoDisk: 0,
  availabilityZone: 0,
  launchIndex: 0,
  locked: 0,
  vmState: 0,
  taskState: 0,
  powerState: 0,
  hostId: 0,
  hostName: 0,
  createdAt: 0,
  updatedAt: 0,
  launchedAt: 0,
  terminatedAt: 0,
} satisfies Record<ServerField, 0>) as ServerField[];

const live = { deleted: 'none' } as const;

async function namesOf(store: Store, selection: Partial<ServerSelection>): Promise<string[]> {
  const whole = { ...live, limit: 1000, ...selection };
  const found = await store.servers.select(whole);
  const shown = await store.servers.selectShown(whole);
  expect(shown.map(({ id, name }) => ({ id, name }))).toEqual(found);
  const inDetail = shown.filter((server) => 'nics' in server);
  expect(inDetail).toEqual(await store.servers.read(inDetail.map(({ id }) => id)));
  return found.map(({ name }) => name);
}

/** Reads page by page until a page is not full. */
async function pagedNames(store: Store, selection: Partial<ServerSelection>): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  for (;;) {
    const place = after === undefined ? {} : { after };
    const page = await store.servers.select({ ...live, ...selection, ...place, limit: 2 });
    names.push(...page.map(({ name }) => name));
    after = page.at(-1)?.id;
    if (page.length < 2) return names;
  }
}

/** Seven similar servers, all but one created at the same time. */
async function severalServers(store: Store): Promise<void> {
  const changes = [
    { name: 'a', taskState: null, vmState: 'active' as VmState, launchedAt: 5 },
    { name: 'b', description: 'x', locked: true, accessIpv4: '192.0.2.1' },
    { name: 'c', imageId: null, imageProperties: { kernel_id: 'k', hw_disk_bus: 'ide' } },
    { name: 'd', hostId: 'host-1', hostName: 'h', configDrive: false },
    {
      name: 'e',
      imageId: null,
      diskConfig: 'AUTO' as const,
      keyName: 'key',
      powerState: 1 as const,
    },
    { name: 'f', createdAt: 500, launchedAt: 9, configDrive: false, nics: [aNic()] },
    { name: 'g', availabilityZone: 'z', launchIndex: 3, updatedAt: 2_000 },
  ];
  for (const change of changes) await store.servers.create(aNewServer(change));
}

export function storeListsContract(fresh: () => Promise<OpenStore>): void {
  test('pages in any order contain every server once, in the order of the whole list', async () => {
    const store = await (await fresh())();
    await severalServers(store);
    for (const by of everyField) {
      for (const direction of ['asc', 'desc'] as const) {
        const order = [{ by, direction }];
        const whole = await namesOf(store, { order });
        expect({ by, whole: whole.toSorted() }).toEqual({ by, whole: 'abcdefg'.split('') });
        const pages = await pagedNames(store, { order });
        expect({ by, direction, pages }).toEqual({ by, direction, pages: whole });
      }
    }
  });

  test('without an order, and among equals, the newest come first', async () => {
    const store = await (await fresh())();
    await severalServers(store);
    expect(await namesOf(store, {})).toEqual(['g', 'e', 'd', 'c', 'b', 'a', 'f']);
    const order = [
      { by: 'imageId', direction: 'asc' },
      { by: 'name', direction: 'desc' },
    ] as const;
    expect(await pagedNames(store, { order })).toEqual(['e', 'c', 'g', 'f', 'd', 'b', 'a']);
  });

  test('a deleted server still marks a place; an unknown one, and another project’s, do not', async () => {
    const store = await (await fresh())();
    const [first, gone, last] = ['first', 'gone', 'last'].map((name, at) =>
      aNewServer({ name, createdAt: at }),
    );
    for (const one of [first, gone, last]) await store.servers.create(one!);
    const task = { ...gone!.task, epoch: 1 };
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 5 } });
    expect(await namesOf(store, { after: gone!.server.id })).toEqual(['first']);
    for (const [after, projectId] of [
      ['nobody', 'project-1'],
      [last!.server.id, 'project-2'],
    ] as const) {
      await expect(namesOf(store, { after, projectId })).rejects.toMatchObject({
        kind: 'invalid',
        message: `marker [${after}] not found`,
      });
    }
  });

  test('conditions: one of some values, not one of some, no value, changed within', async () => {
    const store = await (await fresh())();
    await severalServers(store);
    const names = async (selection: Partial<ServerSelection>) =>
      (await namesOf(store, selection)).toSorted().join('');
    expect(await names({ where: [{ field: 'imageId', oneOf: [null] }] })).toBe('ce');
    expect(await names({ where: [{ field: 'imageId', oneOf: [] }] })).toBe('');
    expect(await names({ where: [{ field: 'locked', oneOf: [true] }] })).toBe('b');
    expect(await names({ where: [{ field: 'hasConfigDrive', oneOf: [false] }] })).toBe('df');
    expect(await names({ where: [{ field: 'hasAutoDisk', oneOf: [true] }] })).toBe('e');
    expect(await names({ where: [{ field: 'taskState', noneOf: ['scheduling'] }] })).toBe('a');
    expect(await names({ where: [{ field: 'taskState', noneOf: ['scheduling', null] }] })).toBe('');
    expect(await names({ where: [{ field: 'flavorId', oneOf: ['flavor-1'] }] })).toBe('abcdefg');
    expect(await names({ either: [] })).toBe('');
    expect(await names({ changedSince: 1_001 })).toBe('g');
    expect(await names({ changedBefore: 1_999 })).toBe('abcdef');
    expect(await names({ where: [{ field: 'hostId', oneOf: ['host-1'] }] })).toBe('d');
  });

  test('statuses are found by the states that show as them', async () => {
    const store = await (await fresh())();
    const states: [VmState, TaskState][] = [
      ['active', null],
      ['active', 'rebooting'],
      ['active', 'rebuilding'],
      ['stopped', 'rebuilding'],
      ['stopped', 'powering-on'],
    ];
    for (const [vmState, taskState] of states) {
      await store.servers.create(
        aNewServer({ name: `${vmState}/${taskState}`, vmState, taskState }),
      );
    }
    const found = async (...statuses: string[]) =>
      (
        await namesOf(store, {
          either: statuses.flatMap(statesShownAs).map(({ vmState, tasks }) => [
            { field: 'vmState', oneOf: [vmState] },
            { field: 'taskState', ...tasks },
          ]),
        })
      ).toSorted();
    expect(await found('ACTIVE')).toEqual(['active/null']);
    expect(await found('REBUILD')).toEqual(['active/rebuilding', 'stopped/rebuilding']);
    expect(await found('REBOOT', 'SHUTOFF')).toEqual(['active/rebooting', 'stopped/powering-on']);
  });

  test('servers are read in the order of their ids; one that does not exist is omitted', async () => {
    const store = await (await fresh())();
    const ids: string[] = [];
    for (let at = 0; at < 130; at += 1) ids.push((await store.servers.create(aNewServer())).id);
    const requests = [...ids.toReversed(), 'nobody'];
    const read = await store.servers.read(requests);
    expect(read.map(({ id }) => id)).toEqual(ids.toReversed());
  });

  test('a server is read as it was stored, of its NICs only what lists show', async () => {
    const store = await (await fresh())();
    const vif = {
      portId: 'port-1',
      macAddress: 'fa:16:3e:00:00:01',
      vnicType: 'direct',
      vifType: 'hw_veb',
      details: { vlan: '100' },
      profile: {},
      network: { id: 'n', name: 'blue "é"', mtu: 1500, bridge: null },
      fixedIps: [{ subnetId: 's', ipAddress: '10.0.0.5' }],
      devName: 'tap1',
      tag: null,
    } as const;
    const fault = { code: 500, message: 'm', details: 'd', created: 7 };
    const made = await store.servers.create(
      aNewServer({
        metadata: { a: 'b' },
        tags: ['t'],
        userData: 'dQ==',
        locked: true,
        fault,
        nics: [
          aNic({ position: 1, portId: 'port-1', pciRequestId: 'r' }),
          aNic({ position: 0, portId: null, pciRequestId: null }),
        ].map((nic) => ({
          ...nic,
          vif: nic.portId === null ? null : { ...vif, fixedIps: [...vif.fixedIps] },
        })),
      }),
    );
    const { macAddress, network, fixedIps } = vif;
    expect(await store.servers.read([made.id])).toEqual([
      {
        ...(await store.servers.get(made.id)),
        key: undefined,
        shelvedImageId: undefined,
        nics: [
          { portId: null, pciRequestId: null, vif: null },
          {
            portId: 'port-1',
            pciRequestId: 'r',
            vif: { macAddress, network: { name: network.name }, fixedIps },
          },
        ],
      },
    ]);
  });

  test('hosts are listed as summaries, in pages by name and by number, and by id', async () => {
    const store = await (await fresh())();
    for (const name of ['b', 'a', 'c']) await aHost(store, [], name);
    const hosts = await store.hosts.list();
    const whole = hosts.map(
      ({
        aggregates: _aggregates,
        physicalNetworks: _networks,
        numa: _numa,
        pciStats: _pools,
        problems: _problems,
        ...rest
      }) => rest,
    );
    expect(await store.hosts.summaries({ by: 'name', limit: 9 })).toEqual(whole);
    for (const by of ['name', 'number'] as const) {
      const names = async (page: object) =>
        (await store.hosts.summaries({ by, limit: 2, ...page })).map(({ name }) => name);
      const after = by === 'name' ? 'a' : 1;
      expect(await names({})).toEqual(by === 'name' ? ['a', 'b'] : ['b', 'a']);
      expect(await names({ after })).toEqual(by === 'name' ? ['b', 'c'] : ['a', 'c']);
    }
    const ids = [whole[2]?.id ?? '', 'none'];
    expect(await store.hosts.summariesOf(ids)).toEqual([whole[2]]);
    expect(await store.hosts.summariesOf([])).toEqual([]);
  });

  test('the content of a command is erased when its host has a result; the outcome stays', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    const body = { do: 'detach', guestId: 'secret-id', nic: aNic() } as never;
    await store.commit(
      toStep(task, 'guest-started', { command: { hostId, serverId: task.serverId, body } }),
    );
    expect(await store.commands.pending(hostId)).toMatchObject([{ body }]);
    const result = { ok: true as const, domainXml: '<domain/>', steps: [] };
    await store.commands.complete(hostId, 1, result, { now: 5 });
    expect(await store.commands.last(task.serverId, 'detach')).toEqual({
      kind: 'detach',
      hostId,
      seq: 1,
      serverId: task.serverId,
      result,
    });
  });

  test('a deleted server keeps neither user data nor metadata nor its domain XML', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store, { userData: 'c2VjcmV0', metadata: { password: 'secret' } });
    const body = { do: 'spawn', guest: {} } as never;
    await store.commit(
      toStep(task, 'guest-started', { command: { hostId, serverId: task.serverId, body } }),
    );
    await store.commands.complete(
      hostId,
      1,
      { ok: true, domainXml: '<domain/>', steps: [] },
      { now: 5 },
    );
    await store.commit({ task, next: null, server: { vmState: 'deleted', deletedAt: 9 } });
    expect(await store.servers.get(task.serverId)).toMatchObject({ userData: null, metadata: {} });
    expect(await store.servers.domainXml(task.serverId)).toBeUndefined();
    expect((await store.commands.last(task.serverId, 'spawn'))?.result).toEqual({
      ok: true,
      steps: [],
    });
  });
}
