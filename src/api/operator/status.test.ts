import { expect, test } from 'vitest';
import { FabricView } from '#workflows/hosts/fabric-view.ts';
import { aComputeWorld } from '#test/worlds/compute-world.ts';
import type { Call } from '../requests/route.ts';
import { showStatus } from './status.ts';

test('of several controllers, the one that answers is marked', async () => {
  const { context, store, time, stop } = await aComputeWorld();
  const startedAt = time.now - 60_000;
  await store.controllers.add({ id: 'b', name: 'west', version: '1.2.4', startedAt: time.now });
  await store.controllers.add({ id: 'a', name: 'east', version: '1.2.3', startedAt });
  const call = {
    context: {
      ...context,
      disks: async () => [],
      program: { version: '1.2.3', startedAt, settings: [] },
      fabric: new FabricView(context),
      peers: { id: 'a' },
    },
  } as unknown as Call;
  const { body } = await showStatus(call);
  expect(body).toMatchObject({
    controllers: [
      { name: 'east', version: '1.2.3', started_at: '2026-11-23T07:29:00Z', answers: true },
      { name: 'west', version: '1.2.4', started_at: '2026-11-23T07:30:00Z', answers: false },
    ],
  });
  await stop();
});
