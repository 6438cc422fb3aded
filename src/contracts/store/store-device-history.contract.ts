/** Suite for the history of devices. */
import { expect, test } from 'vitest';
import type { DeviceEvent } from '#core/pci/claims/device-events.ts';
import { aBoot, aHost, aNic, aVf } from '#test/worlds/store-rows.ts';
import type { OpenStore } from './store.contract.ts';

export function storeDeviceHistoryContract(fresh: () => Promise<OpenStore>): void {
  const { address } = aVf('0000:81:10.0');
  const anEvent = (change: Partial<DeviceEvent>): DeviceEvent => ({
    address,
    event: 'given',
    serverId: null,
    requestId: null,
    detail: null,
    ...change,
  });

  test('events of a device are found newest first, with the port that the server has then', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aVf(address)], 'a');
    const portId = '4663c883-b605-492f-b563-aeff73508b53';
    const nics = [aNic({ portId, pciRequestId: 'r1' }), aNic({ position: 1, pciRequestId: 'r2' })];
    const { serverId } = await aBoot(store, { nics });
    const given = anEvent({ serverId, requestId: 'r1' });
    const other = anEvent({ address: aVf('0000:81:10.1').address, serverId, requestId: 'r2' });
    const change = { hostId, generation: 2, deviceEvents: [given, other] };
    expect(await store.hosts.update(change)).toBe('ok');
    // A change that is refused leaves no history.
    expect(await store.hosts.update(change)).toBe('stale-host');
    const quarantined = anEvent({ event: 'quarantined', detail: 'dirty' });
    await store.hosts.updateAll([{ hostId, generation: 3, deviceEvents: [quarantined] }]);
    const history = (page: object = {}) =>
      store.hosts.deviceHistory({ hostId, address, limit: 10, ...page });
    const [second, first] = await history();
    expect(await history()).toHaveLength(2);
    expect(second).toMatchObject({ ...quarantined, portId: null, vif: null });
    expect(first).toMatchObject({ ...given, portId });
    expect(await history({ limit: 1 })).toEqual([second]);
    expect(await history({ before: second?.id })).toEqual([first]);
    expect(await store.hosts.deviceHistory({ hostId: 'x', address, limit: 10 })).toEqual([]);
  });

  test('old events are pruned, few at a time, and those of a host with it', async () => {
    const store = await (await fresh())();
    const hostId = await aHost(store, [aVf(address)], 'a');
    const deviceEvents = ['given', 'released', 'given'].map((event) =>
      anEvent({ event: event as 'given' }),
    );
    await store.hosts.update({ hostId, generation: 2, deviceEvents });
    const count = async () =>
      (await store.hosts.deviceHistory({ hostId, address, limit: 10 })).length;
    expect(await store.prune.deviceEvents(0, 2)).toBe(false);
    expect(await count()).toBe(3);
    const later = Date.now() + 10 * 365 * 86_400_000;
    expect(await store.prune.deviceEvents(later, 2)).toBe(true);
    expect(await count()).toBe(1);
    expect(await store.prune.deviceEvents(later, 2)).toBe(false);
    await store.hosts.update({ hostId, generation: 3, deviceEvents });
    await store.hosts.forget(hostId);
    expect(await count()).toBe(0);
  });
}
