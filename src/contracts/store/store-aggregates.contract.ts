/**
 * Suite for host aggregates: a host is in one zone, its servers stay in theirs, and a claim that
 * was made by a former zone is refused.
 */
import { expect, test } from 'vitest';
import { aBoot, aHost, aNewServer } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';
import type { Aggregate } from '#core/hosts/aggregate.ts';
import type { Store } from './store.ts';

const west = { availability_zone: 'west' };

export function storeAggregatesContract(fresh: () => Promise<OpenStore>): void {
  test('an aggregate is read back as created, over another connection, and changed by key', async () => {
    const open = await fresh();
    const store = await open();
    const made = await anAggregate(store, { ssd: 'true' });
    const other = await anAggregate(store);
    expect(made).toMatchObject({ hosts: [], metadata: { ssd: 'true' }, updatedAt: null });
    const again = (await open()).aggregates;
    expect(await again.get(made.id)).toEqual(made);
    expect(await again.list()).toEqual([made, other]);
    const change = { name: 'renamed', metadata: { ssd: null, gpu: 'yes', none: null } };
    expect(await again.change(made.id, change)).toMatchObject({
      ...made,
      name: 'renamed',
      metadata: { gpu: 'yes' },
      updatedAt: expect.any(Number),
    });
    await again.remove(other.id);
    expect(await again.get(other.id)).toBeUndefined();
    expect((await anAggregate(store)).id).toBeGreaterThan(other.id);
  });

  test('two aggregates of one name are refused, and those that do not exist', async () => {
    const { aggregates } = await (await fresh())();
    const one = await aggregates.create({ uuid: 'u1', name: 'one', metadata: {} });
    const two = await aggregates.create({ uuid: 'u2', name: 'two', metadata: {} });
    const again = { kind: 'conflict', message: 'Aggregate one already exists.' };
    const made = aggregates.create({ uuid: 'u3', name: 'one', metadata: {} });
    await expect(made).rejects.toMatchObject(again);
    await expect(aggregates.change(two.id, { name: 'one' })).rejects.toMatchObject(again);
    expect(await aggregates.change(one.id, { name: 'one' })).toMatchObject({ name: 'one' });
    const gone = { kind: 'notFound', message: 'Aggregate 99 could not be found.' };
    await expect(aggregates.change(99, {})).rejects.toMatchObject(gone);
    await expect(aggregates.remove(99)).rejects.toMatchObject(gone);
  });

  test("a host's row has the zone and the metadata of its aggregates, under a new generation", async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const plain = await anAggregate(store, { ssd: 'true' });
    const zoned = await anAggregate(store, west);
    const before = (await store.hosts.get(hostId))?.generation ?? 0;
    await store.aggregates.addHost(plain.id, 'host-1');
    expect(await store.aggregates.addHost(zoned.id, 'host-1')).toMatchObject({ hosts: ['host-1'] });
    const host = await store.hosts.get(hostId);
    expect(host).toMatchObject({
      availabilityZone: 'west',
      aggregates: [
        { name: plain.name, metadata: { ssd: 'true' } },
        { name: zoned.name, metadata: west },
      ],
    });
    expect(host?.generation).toBe(before + 2);
    await store.aggregates.change(plain.id, { metadata: { ssd: 'false' } });
    expect((await store.hosts.get(hostId))?.aggregates[0]?.metadata).toEqual({ ssd: 'false' });
    await store.aggregates.removeHost(zoned.id, 'host-1');
    expect(await store.hosts.get(hostId)).toMatchObject({ availabilityZone: 'nova' });
    expect(await store.hosts.update({ hostId, generation: before, enabled: false })).toBe(
      'stale-host',
    );
  });

  test('a host is in an aggregate once, and in one zone', async () => {
    const store = await (await fresh())();
    await aHost(store, []);
    const { aggregates } = store;
    const zoned = await anAggregate(store, west);
    const alike = await anAggregate(store, west);
    const east = await anAggregate(store, { availability_zone: 'east' });
    const plain = await anAggregate(store);
    await expect(aggregates.addHost(zoned.id, 'host-9')).rejects.toMatchObject({
      kind: 'notFound',
    });
    await expect(aggregates.removeHost(zoned.id, 'host-1')).rejects.toMatchObject({
      kind: 'notFound',
      message: `Aggregate ${zoned.id} has no host host-1.`,
    });
    await aggregates.addHost(zoned.id, 'host-1');
    await expect(aggregates.addHost(zoned.id, 'host-1')).rejects.toMatchObject({
      kind: 'conflict',
      message: `Aggregate ${zoned.id} already has host host-1.`,
    });
    await expect(aggregates.addHost(east.id, 'host-1')).rejects.toMatchObject({ kind: 'conflict' });
    await aggregates.addHost(alike.id, 'host-1');
    await aggregates.addHost(plain.id, 'host-1');
    const toEast = { metadata: { availability_zone: 'east' } };
    await expect(aggregates.change(plain.id, toEast)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(aggregates.change(zoned.id, toEast)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(aggregates.remove(plain.id)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('servers stay in their zone: their host changes none', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const { aggregates } = store;
    const [zoned, plain] = [await anAggregate(store, west), await anAggregate(store)];
    const newServer = aNewServer({ hostId, hostName: 'host-1' });
    await store.servers.create(newServer);
    await expect(aggregates.addHost(zoned.id, 'host-1')).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('and it has 1 server'),
    });
    await aggregates.addHost(plain.id, 'host-1');
    await expect(aggregates.change(plain.id, { metadata: west })).rejects.toMatchObject({
      kind: 'invalid',
    });
    await store.servers.update(newServer.server.id, { deletedAt: 5 });
    await aggregates.addHost(zoned.id, 'host-1');
    await store.servers.create(aNewServer({ hostId, hostName: 'host-1' }));
    await expect(aggregates.removeHost(zoned.id, 'host-1')).rejects.toMatchObject({
      kind: 'conflict',
    });
    await aggregates.removeHost(plain.id, 'host-1');
  });

  test('a claim on a host that changed its zone since it was chosen is refused', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const task = await aBoot(store);
    const { generation = 0 } = (await store.hosts.get(hostId)) ?? {};
    const zoned = await anAggregate(store, west);
    await store.aggregates.addHost(zoned.id, 'host-1');
    const host = { hostId, generation, vcpusUsed: 1 };
    expect(await store.commit({ task, next: null, host })).toEqual({
      ok: false,
      why: 'stale-host',
    });
  });

  test('a forgotten host leaves its aggregates', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, []);
    const { id } = await anAggregate(store, west);
    await store.aggregates.addHost(id, 'host-1');
    await store.hosts.forget(hostId);
    expect(await store.aggregates.get(id)).toMatchObject({ hosts: [] });
    await store.aggregates.remove(id);
  });
}

let made = 0;

function anAggregate(store: Store, metadata: Record<string, string> = {}): Promise<Aggregate> {
  made += 1;
  return store.aggregates.create({ uuid: `uuid-${made}`, name: `aggregate-${made}`, metadata });
}
