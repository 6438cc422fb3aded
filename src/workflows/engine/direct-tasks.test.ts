import { expect, test } from 'vitest';
import type { StoredTask } from '#contracts/store/store.ts';
import { aTask } from '#test/scripted-dispatcher.ts';
import { DirectTasks } from './direct-tasks.ts';

function attached(free: number) {
  const direct = new DirectTasks();
  const ran: StoredTask[] = [];
  let freed = 0;
  const detach = direct.attach({
    free: () => free - ran.length - direct.held,
    newLease: () => ({ owner: 'here', until: 9 }),
    run: (task) => ran.push(task),
    runJointly: async () => undefined,
    slotFreed: () => void (freed += 1),
  });
  return { direct, ran, detach, freed: () => freed };
}

test('a slot is held for each task that is being recorded, up to the free ones', () => {
  const { direct, ran, freed } = attached(3);
  const two = direct.hold(2);
  const lease = { owner: 'here', until: 9 };
  expect(two.leases).toEqual([lease, lease]);
  const rest = direct.hold(2);
  expect(rest.leases).toHaveLength(1);
  expect(direct.hold(1).leases).toEqual([]);
  two.run(aTask('s1'));
  two.end();
  expect(ran).toEqual([aTask('s1')]);
  // One runs, one is held; the slot that was not used is free, which the dispatcher learns.
  expect(freed()).toBe(1);
  expect(direct.held).toBe(1);
  expect(direct.hold(5).leases).toHaveLength(1);
});

test('without a dispatcher no slot is held: a poll finds the tasks', () => {
  const { direct, detach } = attached(3);
  const held = direct.hold(1);
  detach();
  expect(direct.hold(1).leases).toEqual([]);
  held.end();
  expect(direct.held).toBe(0);
});
