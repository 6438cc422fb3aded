/** Two controllers must not have one name: each would end the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerStore } from '#contracts/store/controllers/controller-store.ts';
import { ComputeError } from '#core/errors.ts';
import { usualTimes } from './membership.ts';

const pauseMs = 500;
/** Three signs of life. */
const longestMs = 3 * usualTimes.beatMs;

/**
 * Throws `conflict` while a controller with this name shows signs of life. Returns when there is
 * none: after a crash its row is still there, and is observed for three seconds. Example:
 * `await refuseNamesake(store.controllers, 'ctl1:8774')`.
 */
export async function refuseNamesake(
  controllers: Pick<ControllerStore, 'list'>,
  name: string,
  wait: (ms: number) => Promise<void> = sleep,
): Promise<void> {
  const find = async () =>
    (await controllers.list()).find((one) => one.name === name && one.beats >= 0);
  const before = await find();
  if (before === undefined) return;
  for (let waited = 0; waited < longestMs; waited += pauseMs) {
    await wait(pauseMs);
    const now = await find();
    if (now === undefined) return;
    if (now.id === before.id && now.beats === before.beats) continue;
    throw new ComputeError(
      'conflict',
      `a controller with the name ${name} runs already: stop it, or give this one a name of its own with --name`,
    );
  }
}
