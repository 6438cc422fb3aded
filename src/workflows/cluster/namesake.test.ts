import { expect, test } from 'vitest';
import type { Controller } from '#contracts/store/controllers/controller-store.ts';
import { refuseNamesake } from './namesake.ts';

const running = (change: Partial<Controller> = {}): Controller => ({
  id: 'a',
  name: 'ctl1:8774',
  version: '1',
  startedAt: 1,
  beats: 5,
  ...change,
});

/** The rows that each reading returns; the last one again and again. How often it paused. */
async function readings(...rows: Controller[][]): Promise<number> {
  let [pauses, at] = [0, 0];
  const list = async () => rows[Math.min(at++, rows.length - 1)] ?? [];
  await refuseNamesake({ list }, 'ctl1:8774', async () => void (pauses += 1));
  return pauses;
}

test('a controller whose name another one has that is alive is refused, naming what to do', async () => {
  const alive = readings([running()], [running()], [running({ beats: 6 })]);
  await expect(alive).rejects.toMatchObject({
    kind: 'conflict',
    message:
      'a controller with the name ctl1:8774 runs already: stop it, or give this one a name of its own with --name',
  });
  const another = readings([running()], [running({ id: 'b', beats: 5 })]);
  await expect(another).rejects.toMatchObject({ kind: 'conflict' });
});

test('an earlier run that shows no sign of life for three seconds has ended', async () => {
  expect(await readings([running()])).toBe(6);
});

test('an earlier run that is removed meanwhile, or was being removed, is not waited for', async () => {
  expect(await readings([running()], [running()], [])).toBe(2);
  expect(await readings([running({ beats: -1 })])).toBe(0);
});

test('controllers with other names are none', async () => {
  expect(await readings([running({ name: 'ctl2:8774' })])).toBe(0);
});
