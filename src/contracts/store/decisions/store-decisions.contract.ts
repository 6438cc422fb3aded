/** Suite for decisions: of one server, and of all in pages. */
import { expect, test } from 'vitest';
import type { Decision } from '#core/scheduling/decision.ts';
import { aBoot, toStep } from '#test/worlds/store-rows.ts';
import type { DecisionPage } from './decision-store.ts';
import type { OpenStore } from '../store.contract.ts';
import type { Store } from '../store.ts';

export function storeDecisionsContract(fresh: () => Promise<OpenStore>): void {
  test('decisions are kept in the order they were made', async () => {
    const store = await (await fresh())();
    const [serverId, made] = await decided(store, null, 'host-2');
    expect(await store.servers.decisions(serverId)).toEqual(made);
  });

  test('decisions of all servers come newest first, in pages, and each by its id', async () => {
    const store = await (await fresh())();
    const [one, first] = await decided(store, null, 'host-1');
    const [two, second] = await decided(store, 'host-2', null);
    const ids = (page: DecisionPage) => store.decisions.ids(page);
    const get = (id: number) => store.decisions.get(id);
    const all = await ids({ limit: 10 });
    expect(all).toEqual(all.toSorted((a, b) => b - a));
    const found = await Promise.all(all.map((id) => get(id)));
    const made = [...first, ...second].toReversed();
    expect(found).toEqual(made.map((decision, at) => ({ ...decision, id: all[at] })));
    const [newest, third, oldChosen, oldest] = all;
    expect(await ids({ limit: 2 })).toEqual([newest, third]);
    expect(await ids({ limit: 2, before: third! })).toEqual([oldChosen, oldest]);
    expect(await ids({ limit: 10, isRefused: true })).toEqual([newest, oldest]);
    expect(await ids({ limit: 10, isRefused: false })).toEqual([third, oldChosen]);
    expect(await ids({ limit: 10, host: 'host-1' })).toEqual([oldChosen]);
    expect(await ids({ limit: 10, serverId: one, isRefused: true })).toEqual([oldest]);
    expect(await ids({ limit: 10, serverId: two })).toEqual([newest, third]);
    expect(await get(0)).toBeUndefined();
  });
}

/** A server with a decision for each of these hosts; null: a refused one. */
async function decided(
  store: Store,
  ...hosts: (string | null)[]
): Promise<[serverId: string, decisions: Decision[]]> {
  const task = await aBoot(store);
  const decisions = hosts.map(
    (chosen, at): Decision => ({
      serverId: task.serverId,
      attempt: at + 1,
      decidedAt: 10,
      chosen,
      candidates: chosen === null ? [] : [{ host: chosen, weight: 1.5, weights: { ram: 1.5 } }],
      rejections: [
        {
          host: 'host-9',
          filter: 'pci-passthrough',
          reasons: [{ code: 'pci-exhausted', message: '0 of 1 VF free', data: { free: 0 } }],
        },
      ],
      devices:
        chosen === null ? [] : [{ requestId: 'r', address: '0000:81:00.1', pool: '0000:81:00.0' }],
    }),
  );
  for (const decision of decisions) await store.commit(toStep(task, 'schedule', { decision }));
  return [task.serverId, decisions];
}
