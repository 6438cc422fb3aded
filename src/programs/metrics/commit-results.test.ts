import { expect, test } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { Metrics } from './metrics.ts';

test('a claim that another change of the host preceded is counted apart from other changes', async () => {
  const metrics = new Metrics();
  const refused = {
    servers: { createClaimed: async () => undefined },
    commit: async () => ({ ok: false, why: 'stale-host' }),
  } as unknown as Store;
  const store = metrics.watchStore(refused);
  const commit = (transition: object) => store.commit(transition as Parameters<Store['commit']>[0]);
  await commit({ decision: {} });
  await commit({});
  await store.servers.createClaimed(
    ...([] as unknown as Parameters<typeof store.servers.createClaimed>),
  );
  const text = await metrics.text();
  const counts = text.matchAll(/^novella_commit_seconds_count\{result="([^"]+)"\} (\d+)$/gm);
  expect(Object.fromEntries(Array.from(counts, ([, result, count]) => [result, count]))).toEqual({
    'stale-claim': '2',
    'stale-host': '1',
  });
});
