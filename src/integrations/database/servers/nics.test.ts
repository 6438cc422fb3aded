import { expect, test } from 'vitest';
import { aNewServer, aNic } from '#test/worlds/store-rows.ts';
import { migratedStore } from '#test/migrated-database.ts';

test('a port whose holder is deleted while another server is refused it is a conflict', async () => {
  const { store, db } = await migratedStore(':memory:', { clock: { now: Date.now } });
  const portId = '4663c883-b605-492f-b563-aeff73508b53';
  const named = () => store.servers.create(aNewServer({ nics: [aNic({ portId })] }));
  await named();
  const [refused] = await Promise.allSettled([
    named(),
    db.updateTable('instance_nics').set({ live: 0 }).execute(),
  ]);
  expect(refused).toMatchObject({
    status: 'rejected',
    reason: { kind: 'conflict', message: expect.stringContaining(portId) },
  });
  await expect(named()).resolves.toMatchObject({ nics: [{ portId }] });
  await store.close();
});
